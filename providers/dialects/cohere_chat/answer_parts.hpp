// The parts of a Cohere answer, said in order: what streams and whole answers of both of its chat APIs are read with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/answer_event.hpp"
#include "providers/dialects/unique_ids.hpp"

namespace llmgw::wire {

class CohereParts {
public:
    void say_to(std::vector<AnswerEvent>& out) { out_ = &out; }

    // The next text or thinking is a part of its own. What is open stays so: citations of it may still come.
    void next_content() { fresh_ = true; }
    void text(std::string text);
    void thinking(std::string text);
    // What the model says it will do, in front of its calls. It is said to whoever waits, as other models' words before
    // a call are, and beside `thinking`: so it is text.
    void plan(std::string text);
    void begin_call(std::string id, std::string name);
    // A piece of the call's arguments. Models say "null" for none.
    void arguments(std::string_view piece);
    // A citation of what is open; one of something else is left out. One is said for each of its sources.
    void cite(std::string_view citation);
    // A citation with `document_ids`, as the first API has them.
    void cite_documents(std::string_view citation, std::string_view documents);
    void stop();

    // Nothing follows in this answer. `reason` is its finish_reason, `message` what is said of a failure.
    void finish(std::string reason, std::string message);

private:
    enum class Open { text, plan, thinking, call };
    void open(Open kind);
    void delta(answer::DeltaKind kind, std::string text);

    std::vector<AnswerEvent>* out_ = nullptr;
    UniqueIds ids_;
    std::optional<Open> open_;
    std::string held_;  // the beginning of arguments that may be "null"
    bool held_over_ = false;
    bool fresh_ = false;
    int calls_ = 0;
};

}  // namespace llmgw::wire
