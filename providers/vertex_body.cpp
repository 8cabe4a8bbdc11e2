#include "providers/vertex_body.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/util/json_edit.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw {
namespace {

constexpr std::array<std::string_view, 4> calls{"functionCall", "function_call", "functionResponse",
                                                "function_response"};

struct Splice {
    std::string_view where;  // of the body
    std::string with;
};

// The ids in one content's parts.
void find_ids(std::string_view parts, std::vector<Splice>& out) {
    json_scan::each_element(parts, [&](const json_scan::Value& part) {
        json_scan::each_member(part.text, [&](std::string_view key, const json_scan::Value& value) {
            if (std::ranges::find(calls, key) == calls.end() || !json_scan::member(value.text, "id")) { return true; }
            if (auto without = edit_members(value.text, {{"id", std::nullopt}})) {
                out.push_back({value.text, std::move(*without)});
            }
            return true;
        });
        return true;
    });
}

void find_all(std::string_view content, std::vector<Splice>& out) {
    bool role = false;
    std::string_view parts;
    json_scan::each_member(content, [&](std::string_view key, const json_scan::Value& value) {
        role = role || key == "role";
        if (key == "parts") { parts = value.text; }
        return true;
    });
    if (!role && content.starts_with('{')) {
        const bool empty = parts.empty() && content.find_first_not_of(" \t\r\n", 1) == content.size() - 1;
        out.push_back({content.substr(1, 0), empty ? "\"role\":\"user\"" : "\"role\":\"user\","});
    }
    find_ids(parts, out);
}

}  // namespace

Result<std::string> vertex_claude_body(std::string_view body, bool counting) {
    const MemberEdit version{"anthropic_version", "\"vertex-2023-10-16\""};
    auto edited = counting ? edit_members(body, {version}) : edit_members(body, {{"model", std::nullopt}, version});
    if (!edited) { return fail(ErrorKind::bad_request, "llmgw: the request body is no JSON object"); }
    return std::move(*edited);
}

Result<std::string> vertex_gemini_body(std::string_view body) {
    std::vector<Splice> splices;
    json_scan::each_member(body, [&](std::string_view key, const json_scan::Value& contents) {
        if (key != "contents") { return true; }
        json_scan::each_element(contents.text, [&](const json_scan::Value& content) {
            find_all(content.text, splices);
            return true;
        });
        return true;
    });
    std::string out;
    out.reserve(body.size() + 64);
    std::size_t done = 0;
    for (const auto& [where, with] : splices) {
        const auto at = static_cast<std::size_t>(where.data() - body.data());
        out += body.substr(done, at - done);
        out += with;
        done = at + where.size();
    }
    return out += body.substr(done);
}

}  // namespace llmgw
