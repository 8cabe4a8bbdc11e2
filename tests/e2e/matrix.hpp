// The sixteen pairs of client and provider dialects, tested end to end. What is said is described here in no dialect's
// words; matrix_client and matrix_provider say and read it in each, by their own hands: nothing of llmgw's codecs is
// used to judge them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/dialect_id.hpp"
#include "tests/support/fake_upstream.hpp"

namespace llmgw::testing::matrix {

using Json = nlohmann::ordered_json;

struct Call {
    std::string id;
    std::string name;
    Json arguments = Json::object();
};

// Disjoint, as in the log.
struct Tokens {
    int input = 21;
    int cache_read = 8;
    int cache_write = 0;
    int cache_write_1h = 0;
    int output = 13;
    int reasoning = 0;
    int prompt() const { return input + cache_read + cache_write + cache_write_1h; }
};

enum class Stop { end, tool, length, stop_sequence, refusal };

enum class MediaKind { image, pdf, audio };

struct Media {
    MediaKind kind = MediaKind::image;
    std::string data;  // base64
    std::string url;   // instead
};

struct Result {
    std::string call_id;
    std::string name;
    std::string text;
    bool is_error = false;
    std::string image;  // base64
};

// How a Chat host says its reasoning.
enum class ChatReasoning { content, details };

// What a provider answers.
struct Answer {
    std::string thought = {};  // with what the dialect signs it by
    std::string text = {};
    std::vector<Call> calls = {};
    Stop stop = Stop::end;
    Tokens tokens = {};
    ChatReasoning chat_reasoning = ChatReasoning::content;
};

// What a client understood.
struct Said {
    std::string thought;
    std::string text;
    std::vector<Call> calls;
    std::string stop;  // one of the dialect's words for it
    bool stopped_as(Stop stop) const;
    DialectId dialect = DialectId::anthropic;
    int prompt_tokens = -1;  // as the dialect counts them, cached ones included
    int cached_tokens = -1;
    int output_tokens = -1;
    int reasoning_tokens = -1;
};

// What a provider was asked.
struct Asked {
    std::string system;
    std::string user;  // all the user's words, a line each
    std::vector<std::string> tools;
    std::vector<Json> tool_schemas;
    std::vector<Call> calls;
    std::vector<Result> results;
    std::vector<Media> media;
    Json schema;  // of the answer
    std::vector<std::string> stop;
    bool stream = false;
    bool thinking = false;
};

// --- the client's side

struct Wish {
    std::string model = {};  // with the provider's name
    bool stream = false;
    bool tools = false;
    bool thinking = false;
    Json schema = {};
    std::string system = {};
    std::string stop = {};
};

class Client {
public:
    // `plain`: a Chat client that gives back only what the API's own fields are.
    explicit Client(DialectId dialect, bool plain = true) : dialect_(dialect), plain_(plain) {}

    void say(std::string_view text, const std::vector<Media>& media = {});
    // The answer becomes part of the conversation as an agent would keep it.
    void keep(const Json& answer);
    void give(const std::vector<Result>& results);
    std::string target(const Wish& wish) const;
    std::string body(const Wish& wish) const;

private:
    DialectId dialect_;
    bool plain_;
    Json turns_ = Json::array();
};

// A stream as an SDK puts it together, null when it is none of the dialect's.
Json put_together(DialectId dialect, const std::string& sse);
Said understood(DialectId dialect, const Json& answer);

// --- the provider's side

std::string whole_answer(DialectId dialect, const Answer& answer);
// Arguments and text come in pieces of `piece_bytes`; parallel calls of Chat come interleaved.
std::vector<std::string> answer_events(DialectId dialect, const Answer& answer, std::size_t piece_bytes);

Asked read_request(DialectId dialect, const RecordedRequest& request);
// What this provider has to say against the signed things that came back, "" when nothing. `before`: what
// it said then.
std::string seal_fault(DialectId dialect, const std::string& request, const Answer& before);

// What this provider signs its thinking or its calls with; "" for one that signs nothing.
std::string seal_of(DialectId dialect);

// Splits between characters.
std::vector<std::string> pieces(const std::string& text, std::size_t piece_bytes);

}  // namespace llmgw::testing::matrix
