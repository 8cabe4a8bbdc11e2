// A call's arguments that come as pieces with a place ("$.recipe.steps[2]"), put together. Nothing orders the pieces,
// so the arguments are known only when the call is over.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/model/chat_request.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw::wire::gemini {

class PartialArgs {
public:
    PartialArgs();
    ~PartialArgs();
    PartialArgs(PartialArgs&&) noexcept;
    PartialArgs& operator=(PartialArgs&&) noexcept;

    // The array of a functionCall's partialArgs. Pieces that cannot be read are left out.
    void add(const json_scan::Value& pieces);
    // A JSON object.
    JsonText text() const;

private:
    void add_piece(std::string_view piece);

    std::unique_ptr<nlohmann::ordered_json> tree_;
    std::string open_path_;  // of a string that goes on
};

}  // namespace llmgw::wire::gemini
