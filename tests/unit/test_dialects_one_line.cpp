// JSON that is carried as it was written may have line ends between its tokens. In a stream's data lines they would end
// the line, so no encoder lets one through.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/dialect/emitted_check.hpp"
#include "core/util/json_valid.hpp"
#include "providers/registry.hpp"

using namespace llmgw;

namespace {

constexpr const char* raw = "{\n  \"type\": \"of its own\",\r\n\t\"id\": \"x_1\",\r  \"n\": [\n1\n]\n}";

// Everything an answer can carry as it was written, as a provider of this dialect would.
std::vector<AnswerEvent> carried(DialectId origin) {
    using namespace answer;
    const auto begin = [](PartKind kind) {
        PartBegin part;
        part.kind = kind;
        return part;
    };
    // Seals of Gemini's are base64, those of the others any text.
    const Sealed seal{origin, origin == DialectId::gemini ? "c2VhbA==" : raw, ""};
    std::vector<AnswerEvent> events{Begin{"id_1", "model", 1}};
    events.emplace_back(begin(PartKind::reasoning));
    events.emplace_back(Delta{DeltaKind::reasoning_text, 0, "Hm.\nSo.", {}});
    events.emplace_back(PartEnd{0, seal, false});
    events.emplace_back(begin(PartKind::text));
    events.emplace_back(Delta{DeltaKind::text, 0, "Two\nlines\r\n", {}});
    events.emplace_back(Delta{DeltaKind::logprobs, 0, {}, std::string("[\n") + raw + "\n]"});
    events.emplace_back(Delta{DeltaKind::logprobs, 0, {}, raw});
    part::Citation citation;
    citation.url = "https://example.org/a\nb";
    citation.origin = origin;
    citation.raw = raw;
    events.emplace_back(Cited{0, citation});
    events.emplace_back(PartEnd{0, seal, false});
    PartBegin foreign = begin(PartKind::foreign);
    const std::string inside = std::string("{\n\"executableCode\":\r\n") + raw + "}";
    foreign.foreign = {origin, "of its own", origin == DialectId::gemini ? inside : raw, {}};
    events.emplace_back(foreign);
    events.emplace_back(PartEnd{});
    PartBegin call = begin(PartKind::tool_call);
    call.call.id = "call_1";
    call.call.name = "f";
    call.call.sealed = seal;
    events.emplace_back(call);
    events.emplace_back(Delta{DeltaKind::text, 0, "{\n  \"a\": 1,\r\n", {}});
    events.emplace_back(Delta{DeltaKind::text, 0, "  \"b\": \"c\\n\"\r}", {}});
    events.emplace_back(PartEnd{0, seal, false});
    events.emplace_back(Finish{StopReason::tool_use, 0, "", "", "Because\nof this."});
    events.emplace_back(End{});
    return events;
}

// A request whose schemas are echoed or looked into.
ChatRequest asked() {
    ChatRequest request;
    request.tools.resize(1);
    request.tools[0].name = "f";
    request.tools[0].parameters = "{\n\"type\": \"object\",\r\n\"properties\": {\n}\n}";
    request.format = {FormatKind::json_schema, "n", "", "{\n\"type\":\r\"object\"}", true};
    request.sampling.temperature = "1";
    return request;
}

}  // namespace

TEST_SUITE("dialects/one line") {
    TEST_CASE("line ends in carried JSON do not reach a data line") {
        const ChatRequest request = asked();
        for (const auto& client : dialect_names) {
            for (const auto& origin : dialect_names) {
                CAPTURE(client.name);
                CAPTURE(origin.name);
                const Codec& codec = *dialects().get(client.id).codec();
                AnswerWishes wishes;
                wishes.call_id = "call";
                wishes.request = &request;
                Drops drops;
                std::string stream;
                const auto encoder = codec.answer_encoder(wishes, drops);
                for (const auto& event : carried(origin.id)) {
                    encoder->encode(event, stream);
                }
                EmittedCheck check(codec);
                check.add(stream);
                check.end();
                CHECK(check.fault() == "");
                // Between its name and its data an event has single line ends, behind them an empty line, and nowhere
                // else any.
                SseFramer framer;
                for (const auto& event : framer.feed(stream)) {
                    CAPTURE(std::string(event.raw));
                    CHECK((is_json(event.data) || event.data == "[DONE]"));
                    CHECK(event.data.find_first_of("\r\n") == std::string_view::npos);
                    const std::size_t fields = event.name.empty() ? 1 : 2;
                    std::string body(event.raw.substr(0, event.raw.find_last_not_of("\r\n") + 1));
                    CHECK(static_cast<std::size_t>(std::ranges::count(body, '\n')) == fields - 1);
                    CHECK(body.find('\r') == std::string::npos);
                }
            }
        }
    }

    TEST_CASE("requests keep JSON as it was written: a body is no line") {
        const ChatRequest request = [] {
            ChatRequest made = asked();
            made.messages.push_back({Role::user, {part::Text{"Hi", {}, {}, {}, {}}}, {}, {}});
            return made;
        }();
        for (const auto& target : dialect_names) {
            TargetTraits traits;
            traits.model = "m";
            Drops drops;
            const auto encoded = dialects().get(target.id).codec()->encode_request(request, traits, drops);
            REQUIRE(encoded.has_value());
            CHECK(is_json_object(encoded->body));
        }
    }
}
