// Windows: generic credentials in the Credential Manager of the user. Written from Microsoft's documentation of
// CredWriteW, CredReadW, CredDeleteW and CredEnumerateW; never run.
#include "core/secrets/keychain_child.hpp"

#if defined(_WIN32)

// wincred.h needs what windows.h declares.
// clang-format off
#include <windows.h>
#include <wincred.h>
// clang-format on

#include "core/secrets/child.hpp"
#include "core/secrets/keychain_item.hpp"

namespace llmgw {
namespace {

const std::wstring target_prefix = L"llmgw:";

std::wstring wide(const std::string& text) {
    if (text.empty()) { return {}; }
    const int size = ::MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), nullptr, 0);
    std::wstring out(static_cast<std::size_t>(size), L'\0');
    ::MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), out.data(), size);
    return out;
}

std::string narrow(std::wstring_view text) {
    if (text.empty()) { return {}; }
    const int length = static_cast<int>(text.size());
    const int size = ::WideCharToMultiByte(CP_UTF8, 0, text.data(), length, nullptr, 0, nullptr, nullptr);
    std::string out(static_cast<std::size_t>(size), '\0');
    ::WideCharToMultiByte(CP_UTF8, 0, text.data(), length, out.data(), size, nullptr, nullptr);
    return out;
}

std::wstring target_of(const std::string& name) {
    return target_prefix + wide(name);
}

std::unexpected<Error> refused(DWORD error) {
    if (error == ERROR_NOT_FOUND) { return fail(ErrorKind::not_found, "no such key"); }
    if (error == ERROR_NO_SUCH_LOGON_SESSION) {
        return fail(ErrorKind::credential, "this logon session has no credential store (a service or a network logon)");
    }
    wchar_t buffer[512];
    const auto size = ::FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr, error, 0,
                                       buffer, static_cast<DWORD>(std::size(buffer)), nullptr);
    auto text = size > 0 ? narrow({buffer, size}) : "error " + std::to_string(error);
    while (text.ends_with('.') || text.ends_with('\n') || text.ends_with('\r') || text.ends_with(' ')) {
        text.pop_back();
    }
    return fail(ErrorKind::credential, text);
}

class CredentialManager final : public Keychain {
public:
    std::string backend() const override { return "windows-credential-manager"; }

    // Writing to a target that exists replaces it.
    Result<> set(const std::string& name, const std::string& origin, const std::string& secret) override {
        auto item = to_item(secret, origin);
        if (item.size() > CRED_MAX_CREDENTIAL_BLOB_SIZE) {
            wipe(item);
            return fail(ErrorKind::credential, "the key is too long for the Credential Manager");
        }
        auto target = target_of(name);
        auto user = wide(name);
        CREDENTIALW credential{};
        credential.Type = CRED_TYPE_GENERIC;
        credential.TargetName = target.data();
        credential.UserName = user.data();
        credential.CredentialBlob = reinterpret_cast<LPBYTE>(item.data());
        credential.CredentialBlobSize = static_cast<DWORD>(item.size());
        // Of this user on this machine: it does not roam.
        credential.Persist = CRED_PERSIST_LOCAL_MACHINE;
        const bool written = ::CredWriteW(&credential, 0) != FALSE;
        const auto error = ::GetLastError();
        wipe(item);
        if (!written) { return refused(error); }
        return {};
    }

    Result<Entry> get(const std::string& name) override {
        PCREDENTIALW credential = nullptr;
        if (::CredReadW(target_of(name).c_str(), CRED_TYPE_GENERIC, 0, &credential) == FALSE) {
            return refused(::GetLastError());
        }
        auto entry =
            from_item({reinterpret_cast<const char*>(credential->CredentialBlob), credential->CredentialBlobSize});
        wipe(credential->CredentialBlob, credential->CredentialBlobSize);
        ::CredFree(credential);
        return entry;
    }

    Result<> remove(const std::string& name) override {
        if (::CredDeleteW(target_of(name).c_str(), CRED_TYPE_GENERIC, 0) == FALSE) { return refused(::GetLastError()); }
        return {};
    }

    Result<std::vector<std::string>> list() override {
        DWORD count = 0;
        PCREDENTIALW* credentials = nullptr;
        std::vector<std::string> names;
        if (::CredEnumerateW((target_prefix + L"*").c_str(), 0, &count, &credentials) == FALSE) {
            const auto error = ::GetLastError();
            if (error == ERROR_NOT_FOUND) { return names; }
            return refused(error);
        }
        for (DWORD i = 0; i < count; ++i) {
            const std::wstring_view target(credentials[i]->TargetName);
            if (credentials[i]->Type == CRED_TYPE_GENERIC && target.starts_with(target_prefix)) {
                names.push_back(narrow(target.substr(target_prefix.size())));
            }
            // The secrets come along unasked.
            wipe(credentials[i]->CredentialBlob, credentials[i]->CredentialBlobSize);
        }
        ::CredFree(credentials);
        return names;
    }
};

}  // namespace

std::unique_ptr<Keychain> make_native_keychain() {
    return std::make_unique<CredentialManager>();
}

const NativeKeychain& native_keychain() {
    static const NativeKeychain facts{
        "windows-credential-manager",
        {"SystemRoot", "SystemDrive", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PATH", "TEMP", "TMP"}};
    return facts;
}

std::string native_keychain_obstacle() {
    return {};
}

}  // namespace llmgw

#endif
