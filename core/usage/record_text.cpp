#include "core/usage/record_text.hpp"

#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "core/usage/row_fields.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

using nlohmann::json;

constexpr int format_version = 1;
// Starts every record and appears nowhere else: inside strings its quotes are escaped.
constexpr std::string_view record_start = R"({"v":)";

constexpr bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

void append_escaped(std::string_view text, std::string& out) {
    static constexpr char hex[] = "0123456789abcdef";
    for (std::size_t at = 0; at < text.size();) {
        auto end = at;
        while (end < text.size() && is_plain(text[end])) {
            ++end;
        }
        out.append(text, at, end - at);
        if (end == text.size()) { return; }
        const char c = text[end];
        at = end + 1;
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += "\\u00";
            out += hex[static_cast<unsigned char>(c) >> 4];
            out += hex[c & 0xf];
        } else if (const auto length = utf8_length(text, end); length > 0) {
            out.append(text, end, length);
            at = end + length;
        } else {
            out += "\xef\xbf\xbd";
        }
    }
}

// Writes members; leaves out those that hold their default, which is what the reader assumes for them.
class MemberWriter {
public:
    explicit MemberWriter(std::string& out) : out_(out) { out_ += '{'; }
    MemberWriter(const MemberWriter&) = delete;
    MemberWriter& operator=(const MemberWriter&) = delete;
    ~MemberWriter() { out_ += '}'; }

    void operator()(std::string_view name, const std::string& value) {
        if (value.empty()) { return; }
        key(name, "\":\"");
        append_escaped(value, out_);
        out_ += '"';
    }
    void operator()(std::string_view name, std::int64_t value) {
        if (value != 0) { number(name, value); }
    }
    void operator()(std::string_view name, int value) { operator()(name, static_cast<std::int64_t>(value)); }
    void operator()(std::string_view name, const std::optional<std::int64_t>& value) {
        if (value) { number(name, *value); }
    }
    void operator()(std::string_view name, bool value) {
        if (value) {
            key(name);
            out_ += "true";
        }
    }
    void operator()(std::string_view name, Ending value) { word(name, to_string(value)); }
    void operator()(std::string_view name, CostBasis value) { word(name, to_string(value)); }
    void operator()(std::string_view name, const std::vector<UsageIteration>& value) {
        if (!value.empty()) {
            key(name);
            out_ += iterations_text(value);
        }
    }

private:
    void key(std::string_view name, std::string_view after = "\":") {
        out_ += out_.back() != '{' ? ",\"" : "\"";
        out_.append(name).append(after);
    }
    void number(std::string_view name, std::int64_t value) {
        key(name);
        std::array<char, 24> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        out_.append(digits.data(), end);
    }
    void word(std::string_view name, std::string_view value) {
        key(name, "\":\"");
        out_.append(value).append("\"");
    }

    std::string& out_;
};

template <class Enum>
void read_enum(const json& value, Enum last, Enum& field) {
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        if (value == to_string(static_cast<Enum>(i))) { field = static_cast<Enum>(i); }
    }
}

// Reads members of `object`. A missing member or one of another type leaves the field's default.
class MemberReader {
public:
    explicit MemberReader(const json& object) : object_(object) {}

    template <class Field>
    void operator()(const char* name, Field& field) const {
        if (const auto found = object_.find(name); found != object_.end()) { read(*found, field); }
    }

private:
    static void read(const json& value, std::string& field) {
        if (value.is_string()) { field = value.get<std::string>(); }
    }
    static void read(const json& value, std::int64_t& field) {
        if (value.is_number_integer()) { field = value.get<std::int64_t>(); }
    }
    static void read(const json& value, int& field) {
        if (value.is_number_integer()) { field = value.get<int>(); }
    }
    static void read(const json& value, std::optional<std::int64_t>& field) {
        if (value.is_number_integer()) { field = value.get<std::int64_t>(); }
    }
    static void read(const json& value, bool& field) {
        if (value.is_boolean()) { field = value.get<bool>(); }
    }
    static void read(const json& value, Ending& field) { read_enum(value, Ending::truncated, field); }
    static void read(const json& value, CostBasis& field) { read_enum(value, CostBasis::estimated, field); }
    static void read(const json& value, std::vector<UsageIteration>& field) {
        if (!value.is_array()) { return; }
        for (const auto& element : value) {
            if (!element.is_object()) { continue; }
            auto& iteration = field.emplace_back();
            const MemberReader reader(element);
            reader("model", iteration.model);
            each_count_field(iteration.counts, reader);
        }
    }

    const json& object_;
};

RecordRead read_whole(std::string_view line, CallRecord& record) {
    // Without exceptions: the second argument is the callback, the third says so.
    const auto tree = json::parse(line, nullptr, false);
    if (!tree.is_object()) { return RecordRead::torn; }
    const auto version = tree.find("v");
    if (version == tree.end() || !version->is_number_integer()) { return RecordRead::torn; }
    if (*version != format_version) { return RecordRead::newer; }
    const auto call = tree.find("call");
    if (call == tree.end() || !call->is_object()) { return RecordRead::torn; }
    each_call_field(record.call, MemberReader(*call));
    if (const auto attempts = tree.find("attempts"); attempts != tree.end() && attempts->is_array()) {
        for (const auto& attempt : *attempts) {
            if (attempt.is_object()) { each_attempt_field(record.attempts.emplace_back(), MemberReader(attempt)); }
        }
    }
    return record.call.call_id.empty() ? RecordRead::torn : RecordRead::ok;
}

}  // namespace

void append_record(const CallRecord& record, std::string& out) {
    out += record_start;
    out += "1,\"call\":";
    each_call_field(record.call, MemberWriter(out));
    if (!record.attempts.empty()) {
        out += ",\"attempts\":[";
        for (const auto& attempt : record.attempts) {
            if (&attempt != &record.attempts.front()) { out += ','; }
            each_attempt_field(attempt, MemberWriter(out));
        }
        out += ']';
    }
    out += "}\n";
}

RecordRead read_record(std::string_view line, CallRecord& record) {
    record = {};
    const auto start = line.rfind(record_start);
    return start == std::string_view::npos ? RecordRead::torn : read_whole(line.substr(start), record);
}

std::string iterations_text(const std::vector<UsageIteration>& iterations) {
    std::string out;
    if (iterations.empty()) { return out; }
    out += '[';
    for (const auto& iteration : iterations) {
        if (&iteration != &iterations.front()) { out += ','; }
        MemberWriter writer(out);
        writer("model", iteration.model);
        each_count_field(iteration.counts, writer);
    }
    out += ']';
    return out;
}

}  // namespace llmgw
