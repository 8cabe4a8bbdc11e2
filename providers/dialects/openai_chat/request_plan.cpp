// Orders a request's messages as Chat Completions wants them.
#include <map>

#include "core/util/sha256.hpp"
#include "providers/dialects/openai_chat/request_write.hpp"

namespace llmgw::wire::chat {

namespace {

// OpenAI refuses longer ids of tool calls.
constexpr std::size_t call_id_bytes_max = 40;

struct Given {
    const part::ToolResult* result;
    const Part* part;
    std::size_t message;
    std::size_t step;  // it was given when so many steps were there
    bool used = false;
};

class Planner {
public:
    explicit Planner(const ChatRequest& request) : request_(request) {}

    std::vector<Step> plan() {
        for (std::size_t i = 0; i < request_.messages.size(); ++i) {
            take(request_.messages[i], i);
        }
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            answer_calls(i);
        }
        place_orphans();
        return std::move(steps_);
    }

private:
    void take(const Message& message, std::size_t index) {
        const bool assistant = message.role == Role::assistant;
        // Responses says each call and each text as an item of its own.
        const bool joins = assistant && !steps_.empty() && steps_.back().role == Role::assistant && !result_between_ &&
                           request_.origin != DialectId::openai_chat;
        Step fresh;
        fresh.role = message.role;
        fresh.message = index;
        Step& step = joins ? steps_.back() : fresh;
        bool result_here = false;
        for (const auto& part : message.parts) {
            const auto* result = std::get_if<part::ToolResult>(&part);
            if (result == nullptr) {
                step.parts.push_back(&part);
            } else {
                given_.push_back({result, &part, index, steps_.size(), false});
                by_id_[result->call_id].push_back(given_.size() - 1);
                result_here = true;
            }
        }
        if (result_here) { result_between_ = true; }
        if (joins || (fresh.parts.empty() && result_here)) { return; }
        result_between_ = false;
        steps_.push_back(std::move(fresh));
    }

    Given* find(const part::ToolCall& call, std::size_t step) {
        const auto found = by_id_.find(call.id);
        if (found == by_id_.end()) { return nullptr; }
        for (const std::size_t index : found->second) {
            Given& given = given_[index];
            // Where ids are missing the name decides, in order.
            const bool same = !call.id.empty() || given.result->name == call.name || given.result->name.empty();
            if (!given.used && given.step > step && same) { return &given; }
        }
        return nullptr;
    }

    void answer_calls(std::size_t index) {
        Step& step = steps_[index];
        for (const Part* part : step.parts) {
            const auto* call = std::get_if<part::ToolCall>(part);
            if (call == nullptr) { continue; }
            ++calls_;
            std::string id = call->id;
            if (id.empty()) {
                id = "call_" + std::to_string(calls_) + "_" + sha256_hex(call->name).substr(0, 8);
            } else if (id.size() > call_id_bytes_max && request_.origin != DialectId::openai_chat) {
                id = "call_" + sha256_hex(id).substr(0, 32);
            }
            step.call_ids.push_back(id);
            if (Given* given = find(*call, index)) {
                given->used = true;
                step.results.push_back({std::move(id), call, given->result, given->part, given->message});
            }
        }
    }

    // Results whose call was cut off with the history before it are said as text: a tool message without its call is
    // refused.
    void place_orphans() {
        std::size_t inserted = 0;
        for (const auto& given : given_) {
            if (given.used) { continue; }
            Step step;
            step.role = Role::user;
            step.message = given.message;
            step.parts.push_back(given.part);
            steps_.insert(steps_.begin() + static_cast<std::ptrdiff_t>(given.step + inserted), std::move(step));
            ++inserted;
        }
    }

    const ChatRequest& request_;
    std::vector<Step> steps_;
    std::vector<Given> given_;
    std::map<std::string, std::vector<std::size_t>, std::less<>> by_id_;
    bool result_between_ = false;  // since the last step
    std::size_t calls_ = 0;
};

}  // namespace

std::vector<Step> plan_steps(const ChatRequest& request) {
    return Planner(request).plan();
}

}  // namespace llmgw::wire::chat
