// The ids of one answer's tool calls, or of its items. Clients find them by their ids, so one that a provider says
// twice is told apart.
#pragma once

#include <set>
#include <string>

namespace llmgw::wire {

class UniqueIds {
public:
    // The id itself the first time, then one like it. "" stays "": encoders make ids where there is none.
    std::string take(std::string id) {
        if (id.empty()) { return id; }
        std::string unused = id;
        for (int count = 2; !taken_.insert(unused).second; ++count) {
            unused = id + "_" + std::to_string(count);
        }
        return unused;
    }

    // False when it was there before.
    bool add(const std::string& id) { return taken_.insert(id).second; }

private:
    std::set<std::string> taken_;
};

}  // namespace llmgw::wire
