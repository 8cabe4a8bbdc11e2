// run_child() for Windows: the child and all it starts belong to a job object, which is ended when the limit passes.
// Written from Microsoft's documentation; never run.
#include "core/secrets/child.hpp"

#if defined(_WIN32)

#include <atomic>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <windows.h>

namespace llmgw {
namespace {

class Handle {
public:
    explicit Handle(HANDLE value = nullptr) : value_(value) {}
    ~Handle() { reset(); }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    HANDLE get() const { return value_; }
    HANDLE* put() { return &value_; }
    void reset() {
        if (value_ != nullptr && value_ != INVALID_HANDLE_VALUE) { ::CloseHandle(value_); }
        value_ = nullptr;
    }

private:
    HANDLE value_;
};

std::wstring wide(const std::string& text) {
    const int size = ::MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), nullptr, 0);
    std::wstring out(static_cast<std::size_t>(size), L'\0');
    ::MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), out.data(), size);
    return out;
}

// As CommandLineToArgvW reads it back: backslashes count only in front of a quote.
std::wstring quoted(const std::string& argument) {
    std::wstring out = L"\"";
    std::size_t backslashes = 0;
    for (const wchar_t c : wide(argument)) {
        if (c == L'\\') {
            ++backslashes;
            continue;
        }
        out.append(c == L'"' ? backslashes * 2 + 1 : backslashes, L'\\');
        backslashes = 0;
        out += c;
    }
    out.append(backslashes * 2, L'\\');
    return out + L"\"";
}

std::wstring command_line(const std::vector<std::string>& argv) {
    std::wstring out;
    for (const auto& argument : argv) {
        out += (out.empty() ? L"" : L" ") + quoted(argument);
    }
    return out;
}

std::wstring environment_block(const std::vector<std::string>& variables) {
    std::wstring out;
    for (const auto& variable : variables) {
        out += wide(variable);
        out += L'\0';
    }
    out += L'\0';
    return out;
}

Error system_error(const std::string& what) {
    return {ErrorKind::io, fmt::format("{}: error {}", what, ::GetLastError())};
}

// One end for the child, which inherits it; the other is ours alone.
bool make_pipe(Handle& read, Handle& write, const Handle& ours) {
    SECURITY_ATTRIBUTES inherit{sizeof(SECURITY_ATTRIBUTES), nullptr, TRUE};
    return ::CreatePipe(read.put(), write.put(), &inherit, 0) != FALSE &&
           ::SetHandleInformation(ours.get(), HANDLE_FLAG_INHERIT, 0) != FALSE;
}

// The three handles of the child, and a list of them so that it inherits no others.
struct Startup {
    STARTUPINFOEXW info{};
    std::vector<unsigned char> storage;
    HANDLE handles[3]{};

    bool prepare(HANDLE in, HANDLE out, HANDLE err) {
        handles[0] = in;
        handles[1] = out;
        handles[2] = err;
        SIZE_T size = 0;
        ::InitializeProcThreadAttributeList(nullptr, 1, 0, &size);
        storage.resize(size);
        info.lpAttributeList = reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(storage.data());
        info.StartupInfo.cb = sizeof info;
        info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
        info.StartupInfo.hStdInput = in;
        info.StartupInfo.hStdOutput = out;
        info.StartupInfo.hStdError = err;
        return ::InitializeProcThreadAttributeList(info.lpAttributeList, 1, 0, &size) != FALSE &&
               ::UpdateProcThreadAttribute(info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles,
                                           sizeof handles, nullptr, nullptr) != FALSE;
    }
};

void write_all(HANDLE pipe, std::string_view bytes) {
    while (!bytes.empty()) {
        DWORD written = 0;
        if (::WriteFile(pipe, bytes.data(), static_cast<DWORD>(bytes.size()), &written, nullptr) == FALSE) { return; }
        bytes.remove_prefix(written);
    }
}

// False when it grew too long.
bool read_all(HANDLE pipe, std::string& out, std::size_t bytes_max) {
    char buffer[4096];
    DWORD got = 0;
    while (::ReadFile(pipe, buffer, sizeof buffer, &got, nullptr) != FALSE && got > 0) {
        out.append(buffer, got);
        wipe(buffer, got);
        if (out.size() > bytes_max) { return false; }
    }
    return true;
}

}  // namespace

Result<ChildExit> run_child(const ChildRun& run) {
    const auto started = ::GetTickCount64();
    const auto limit_ms = static_cast<ULONGLONG>(run.limit.count());
    Handle child_in;
    Handle in;
    Handle out;
    Handle child_out;
    if (!make_pipe(child_in, in, in) || !make_pipe(out, child_out, out)) {
        return std::unexpected(system_error("cannot make a pipe"));
    }
    SECURITY_ATTRIBUTES inherit{sizeof(SECURITY_ATTRIBUTES), nullptr, TRUE};
    const Handle nothing(
        ::CreateFileW(L"NUL", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit, OPEN_EXISTING, 0, nullptr));
    const Handle job(::CreateJobObjectW(nullptr, nullptr));
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    Startup startup;
    if (nothing.get() == INVALID_HANDLE_VALUE || job.get() == nullptr ||
        ::SetInformationJobObject(job.get(), JobObjectExtendedLimitInformation, &limits, sizeof limits) == FALSE ||
        !startup.prepare(child_in.get(), child_out.get(), nothing.get())) {
        return std::unexpected(system_error("cannot prepare " + run.argv.front()));
    }
    auto line = command_line(run.argv);
    auto environment = environment_block(run.environment);
    PROCESS_INFORMATION process{};
    const bool made = ::CreateProcessW(nullptr, line.data(), nullptr, nullptr, TRUE,
                                       CREATE_SUSPENDED | CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT |
                                           EXTENDED_STARTUPINFO_PRESENT,
                                       environment.data(), nullptr, &startup.info.StartupInfo, &process) != FALSE;
    auto why = system_error("cannot start " + run.argv.front());
    ::DeleteProcThreadAttributeList(startup.info.lpAttributeList);
    if (!made) { return std::unexpected(why); }
    const Handle child(process.hProcess);
    const Handle thread(process.hThread);
    // It runs only once it cannot outlive us.
    if (::AssignProcessToJobObject(job.get(), child.get()) == FALSE) {
        why = system_error("cannot watch " + run.argv.front());
        ::TerminateProcess(child.get(), 1);
        return std::unexpected(why);
    }
    child_in.reset();
    child_out.reset();
    ::ResumeThread(thread.get());

    // Pipes cannot be waited for with a limit; a thread each can, and ending the job ends what they wait for.
    ChildExit result;
    std::atomic<bool> too_long = false;
    std::thread writer([&] {
        write_all(in.get(), run.input);
        in.reset();
    });
    std::thread reader([&] {
        too_long = !read_all(out.get(), result.output, run.output_bytes_max);
        if (too_long) { ::TerminateJobObject(job.get(), 1); }
    });
    const auto passed = ::GetTickCount64() - started;
    const auto left = passed >= limit_ms ? 0 : static_cast<DWORD>(limit_ms - passed);
    const bool ended = ::WaitForSingleObject(child.get(), left) == WAIT_OBJECT_0;
    // Whatever the child started and left behind goes with it.
    ::TerminateJobObject(job.get(), 1);
    writer.join();
    reader.join();
    if (too_long || !ended) {
        wipe(result.output);
        if (too_long) {
            return fail(ErrorKind::too_large,
                        fmt::format("{} wrote more than {} bytes", run.argv.front(), run.output_bytes_max));
        }
        return fail(ErrorKind::timeout,
                    fmt::format("{} did not end within {} ms", run.argv.front(), run.limit.count()));
    }
    DWORD code = 1;
    ::GetExitCodeProcess(child.get(), &code);
    result.code = static_cast<int>(code);
    return result;
}

std::vector<std::string> environment_list() {
    std::vector<std::string> out;
    for (char** entry = _environ; entry != nullptr && *entry != nullptr; ++entry) {
        out.emplace_back(*entry);
    }
    return out;
}

std::vector<std::string> environment_list(const std::vector<std::string>& names) {
    std::vector<std::string> out;
    for (const auto& name : names) {
        if (const char* value = std::getenv(name.c_str()); value != nullptr) { out.push_back(name + "=" + value); }
    }
    return out;
}

void wipe(std::string& text) {
    wipe(text.data(), text.size());
    text.clear();
}

void wipe(void* bytes, std::size_t size) {
    ::SecureZeroMemory(bytes, size);
}

}  // namespace llmgw

#endif
