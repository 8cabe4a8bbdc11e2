#include "core/gateway/kept_turns.hpp"

#include <utility>

#include "core/util/sse.hpp"

namespace llmgw {

Result<std::string_view> with_history(const Exchange& exchange, Translation& translation, std::string& storage) {
    const auto* turns = translation.client->turns();
    // Nothing goes on from the other operations (a compaction, a count).
    if (turns == nullptr || exchange.endpoint.path != "/v1/responses") { return std::string_view(exchange.body); }
    const auto said = turns->request(exchange.body);
    std::string_view body = exchange.body;
    translation.previous_id = said.previous_id;
    if (!said.previous_id.empty()) {
        const auto items = exchange.services.turns.find(exchange.row.client_key, said.previous_id,
                                                        turn_limits(exchange.snapshot->config.responses));
        if (!items) {
            return fail(ErrorKind::unknown_turn, "Previous response with id '" + said.previous_id + "' not found.");
        }
        auto whole = turns->continued(body, *items);
        if (!whole) { return std::unexpected(whole.error()); }
        storage = std::move(*whole);
        body = storage;
    }
    if (said.store && exchange.snapshot->config.responses.keep_count > 0) {
        auto items = turns->items(body);
        if (!items) { return std::unexpected(items.error()); }
        translation.items_to_keep = std::move(*items);
    }
    return body;
}

void keep_turn(const Exchange& exchange, Translation& translation, std::string_view bytes, bool is_event_stream) {
    if (!translation.items_to_keep) { return; }
    const auto& turns = *translation.client->turns();
    const auto reader = turns.reader();
    if (is_event_stream) {
        SseFramer framer;
        for (const auto& event : framer.feed(bytes)) {
            reader->event(event);
        }
    } else {
        reader->whole(bytes);
    }
    if (const auto turn = reader->turn()) {
        if (auto items = turns.followed(*translation.items_to_keep, turn->output)) {
            exchange.services.turns.put(exchange.row.client_key, turn->id, std::move(*items),
                                        turn_limits(exchange.snapshot->config.responses));
        }
    }
    translation.items_to_keep.reset();
}

}  // namespace llmgw
