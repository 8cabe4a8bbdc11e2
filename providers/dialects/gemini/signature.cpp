#include "providers/dialects/gemini/signature.hpp"

#include <optional>

#include "core/model/dialect_id.hpp"
#include "core/util/base64.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"
#include "core/util/sha256.hpp"

namespace llmgw::wire::gemini {

using json_scan::Value;

namespace {

constexpr std::size_t made_digits = 12;

// The field is bytes in the API's own definition, so all of it is base64, and what is inside says whose it is.
constexpr std::string_view mark = R"({"llmgw1":)";

void write_sealed(JsonWriter& json, const Sealed& sealed) {
    json.member("o", to_string(sealed.origin)).member_if("d", sealed.data).member_if("i", sealed.item_id);
}

void read_sealed_member(std::string_view key, const Value& value, Sealed& sealed) {
    if (key == "o") {
        if (const auto origin = dialect_from(value.raw_string())) { sealed.origin = *origin; }
    } else if (key == "d") {
        sealed.data = value.as_string().value_or("");
    } else if (key == "i") {
        sealed.item_id = value.as_string().value_or("");
    }
}

part::Reasoning read_reasoning(std::string_view object) {
    part::Reasoning reasoning;
    json_scan::each_member(object, [&](std::string_view key, const Value& value) {
        if (key == "t") { reasoning.text = value.as_string().value_or(""); }
        if (key == "x") { reasoning.redacted = value.as_bool().value_or(false); }
        if (key == "s") {
            json_scan::each_element(value.text, [&](const Value& text) {
                reasoning.summary.push_back(text.as_string().value_or(""));
                return true;
            });
        }
        read_sealed_member(key, value, reasoning.sealed);
        return true;
    });
    return reasoning;
}

Signature read_carried(std::string_view json) {
    Signature signature;
    json_scan::each_member(json, [&](std::string_view key, const Value& value) {
        if (key == "llmgw1") {
            json_scan::each_element(value.text, [&](const Value& element) {
                signature.reasoning.push_back(read_reasoning(element.text));
                return true;
            });
        } else if (key == "own") {
            json_scan::each_member(value.text, [&](std::string_view inner, const Value& field) {
                read_sealed_member(inner, field, signature.own);
                return true;
            });
        }
        return true;
    });
    return signature;
}

}  // namespace

Signature read_signature(std::string_view written) {
    if (written.empty()) { return {}; }
    // Looked at only when it can be ours: the mark's first nine bytes in base64.
    if (written.starts_with("eyJsbG1ndzEi")) {
        const auto inside = base64_decode(written);
        if (inside && inside->starts_with(mark)) { return read_carried(*inside); }
    }
    return {{}, Sealed{DialectId::gemini, std::string(written), {}}};
}

std::string write_signature(const Signature& signature) {
    if (signature.empty()) { return {}; }
    if (signature.reasoning.empty() && signature.own.origin == DialectId::gemini) { return signature.own.data; }
    JsonWriter json;
    json.begin_object().key("llmgw1").begin_array();
    for (const auto& reasoning : signature.reasoning) {
        json.begin_object();
        write_sealed(json, reasoning.sealed);
        json.member_if("t", reasoning.text);
        if (reasoning.redacted) { json.member("x", true); }
        if (!reasoning.summary.empty()) {
            json.key("s").begin_array();
            for (const auto& text : reasoning.summary) {
                json.string(text);
            }
            json.end_array();
        }
        json.end_object();
    }
    json.end_array();
    if (!signature.own.empty()) {
        json.key("own").begin_object();
        write_sealed(json, signature.own);
        json.end_object();
    }
    json.end_object();
    return base64(json.text());
}

std::string made_call_id(std::size_t ordinal, std::string_view seed) {
    std::string hashed(seed);
    hashed += '\n' + std::to_string(ordinal);
    return "call_" + std::to_string(ordinal) + "_" + sha256_hex(hashed).substr(0, made_digits);
}

bool is_made_call_id(std::string_view id) {
    constexpr std::string_view head = "call_";
    if (!id.starts_with(head)) { return false; }
    id.remove_prefix(head.size());
    const auto end = id.find('_');
    if (end == std::string_view::npos || end == 0 || id.size() != end + 1 + made_digits) { return false; }
    return id.substr(0, end).find_first_not_of("0123456789") == std::string_view::npos &&
           id.substr(end + 1).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace llmgw::wire::gemini
