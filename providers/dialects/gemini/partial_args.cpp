#include "providers/dialects/gemini/partial_args.hpp"

#include <charconv>
#include <optional>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "providers/dialects/gemini/json.hpp"

namespace llmgw::wire::gemini {

using json_scan::Value;
using Tree = nlohmann::ordered_json;

namespace {

// An index far beyond what came so far is no list anyone meant.
constexpr std::size_t gap_max = 1024;
constexpr std::size_t depth_max = 64;

using Step = std::variant<std::string, std::size_t>;

// "$.a.b[0]['c d']" in steps.
std::optional<std::vector<Step>> steps_of(std::string_view path) {
    if (!path.starts_with('$')) { return std::nullopt; }
    std::vector<Step> steps;
    for (std::size_t at = 1; at < path.size();) {
        if (steps.size() == depth_max) { return std::nullopt; }
        if (path[at] == '.') {
            const std::size_t end = std::min(path.find_first_of(".[", at + 1), path.size());
            steps.emplace_back(std::string(path.substr(at + 1, end - at - 1)));
            at = end;
        } else if (path[at] == '[' && at + 1 < path.size() && (path[at + 1] == '\'' || path[at + 1] == '"')) {
            const std::string close{path[at + 1], ']'};
            const std::size_t end = path.find(close, at + 2);
            if (end == std::string_view::npos) { return std::nullopt; }
            steps.emplace_back(std::string(path.substr(at + 2, end - at - 2)));
            at = end + close.size();
        } else if (path[at] == '[') {
            std::size_t index = 0;
            const auto read = std::from_chars(path.data() + at + 1, path.data() + path.size(), index);
            if (read.ec != std::errc{} || read.ptr == path.data() + path.size() || *read.ptr != ']') {
                return std::nullopt;
            }
            steps.emplace_back(index);
            at = static_cast<std::size_t>(read.ptr - path.data()) + 1;
        } else {
            return std::nullopt;
        }
    }
    return steps;
}

// The place the steps lead to, made on the way; null when something else stands there.
Tree* place(Tree& root, const std::vector<Step>& steps) {
    Tree* at = &root;
    for (const auto& step : steps) {
        if (const auto* name = std::get_if<std::string>(&step)) {
            if (!at->is_null() && !at->is_object()) { return nullptr; }
            at = &(*at)[*name];
        } else {
            const std::size_t index = std::get<std::size_t>(step);
            if (at->is_null()) { *at = Tree::array(); }
            if (!at->is_array() || index > at->size() + gap_max) { return nullptr; }
            at = &(*at)[index];
        }
    }
    return at;
}

}  // namespace

PartialArgs::PartialArgs() : tree_(std::make_unique<Tree>(Tree::object())) {}
PartialArgs::~PartialArgs() = default;
PartialArgs::PartialArgs(PartialArgs&&) noexcept = default;
PartialArgs& PartialArgs::operator=(PartialArgs&&) noexcept = default;

void PartialArgs::add_piece(std::string_view piece) {
    std::string path;
    std::optional<Tree> value;
    bool goes_on = false;
    each_camel(piece, [&](std::string_view key, const Value& field) {
        if (key == "jsonPath") { path = field.as_string().value_or(""); }
        if (key == "stringValue") { value = field.as_string().value_or(""); }
        if (key == "numberValue") {
            auto number = Tree::parse(number_text(field), nullptr, false);
            if (number.is_number()) { value = std::move(number); }
        }
        if (key == "boolValue") { value = field.as_bool().value_or(false); }
        if (key == "nullValue") { value = Tree(nullptr); }
        if (key == "willContinue") { goes_on = field.as_bool().value_or(false); }
        return true;
    });
    const auto steps = steps_of(path);
    Tree* at = steps && value ? place(*tree_, *steps) : nullptr;
    if (at != nullptr) {
        if (at->is_string() && value->is_string() && path == open_path_) {
            at->get_ref<std::string&>() += value->get_ref<const std::string&>();
        } else if (steps->empty() && !value->is_object()) {
            return;  // the arguments as a whole are an object
        } else {
            *at = std::move(*value);
        }
    }
    open_path_ = goes_on ? path : std::string();
}

void PartialArgs::add(const Value& pieces) {
    each_of(pieces, [&](const Value& piece) {
        if (piece.is_object()) { add_piece(piece.text); }
        return true;
    });
}

JsonText PartialArgs::text() const {
    return tree_->dump(-1, ' ', false, Tree::error_handler_t::replace);
}

}  // namespace llmgw::wire::gemini
