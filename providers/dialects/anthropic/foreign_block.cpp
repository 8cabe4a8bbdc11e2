#include "providers/dialects/anthropic/foreign_block.hpp"

#include "core/util/json_scan.hpp"

namespace llmgw::wire {

ForeignBlock split_foreign(std::string_view whole) {
    const auto input = json_scan::member(whole, "input");
    if (!input || !input->is_object() || input->text == "{}") { return {std::string(whole), {}}; }
    return {with_member(whole, "input", "{}"), std::string(input->text)};
}

JsonText with_member(std::string_view block, std::string_view key, std::string_view json) {
    std::string out(block);
    if (const auto value = json_scan::member(block, key)) {
        out.replace(static_cast<std::size_t>(value->text.data() - block.data()), value->text.size(), json);
        return out;
    }
    const auto end = out.rfind('}');
    const bool empty = out.find('"') == std::string::npos;
    out.insert(end, (empty ? "" : ",") + json_scan::quote(key) + ":" + std::string(json));
    return out;
}

}  // namespace llmgw::wire
