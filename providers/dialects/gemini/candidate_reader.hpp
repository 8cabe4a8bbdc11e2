// One candidate of an answer, read part by part into events. Its text part stays open until something else is said, so
// that pieces of a stream make one part.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/answer_event.hpp"
#include "core/util/json_scan.hpp"
#include "providers/dialects/gemini/grounding.hpp"
#include "providers/dialects/gemini/partial_args.hpp"
#include "providers/dialects/unique_ids.hpp"

namespace llmgw::wire::gemini {

// What the calls of one answer share, for ids where the wire has none.
struct CallIds {
    std::string seed;
    std::size_t calls = 0;
    UniqueIds unique;
};

class CandidateReader {
public:
    CandidateReader(int index, CallIds& ids) : index_(index), ids_(ids) {}

    // One candidate object, of a stream's datum or of a whole answer.
    void read(std::string_view candidate, std::vector<AnswerEvent>& out);
    // Nothing more comes: says citations and what was held back, and closes what is open.
    void close(std::vector<AnswerEvent>& out);

    int index() const { return index_; }
    bool said_call() const { return said_call_; }
    const std::string& finish_reason() const { return finish_reason_; }
    const std::string& finish_message() const { return finish_message_; }

private:
    struct PartMembers;
    void read_part(const json_scan::Value& part, std::vector<AnswerEvent>& out);
    void say_text(const PartMembers& part, std::vector<AnswerEvent>& out);
    void say_thought(const PartMembers& part, std::vector<AnswerEvent>& out);
    void say_call(const PartMembers& part, std::vector<AnswerEvent>& out);
    void say_media(const PartMembers& part, std::vector<AnswerEvent>& out);
    void say_foreign(std::string type, std::string_view raw, std::vector<AnswerEvent>& out);
    void say_signature(std::string signature, std::vector<AnswerEvent>& out);
    void open(answer::PartBegin begin, std::vector<AnswerEvent>& out);
    void say(answer::DeltaKind kind, std::string text, std::vector<AnswerEvent>& out);
    void cite(std::vector<AnswerEvent>& out);
    void close_part(std::vector<AnswerEvent>& out);

    int index_;
    CallIds& ids_;
    std::optional<answer::PartKind> open_;
    Sealed sealed_;                       // of the open call or thought
    std::string text_signature_;          // came with the open text, is said after it
    std::optional<PartialArgs> partial_;  // the open call's arguments come in pieces
    SaidText said_;
    bool said_call_ = false;
    std::string finish_reason_;
    std::string finish_message_;
    std::string grounding_;
    std::string sources_;
    std::string url_context_;
};

}  // namespace llmgw::wire::gemini
