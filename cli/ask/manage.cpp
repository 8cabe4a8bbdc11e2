#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "cli/ask/conversations.hpp"
#include "cli/ask/run.hpp"
#include "cli/command.hpp"
#include "cli/term/money.hpp"
#include "cli/term/table.hpp"
#include "core/usage/period.hpp"
#include "core/util/clock.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

std::string list_json(const std::vector<ConversationSummary>& all) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& one : all) {
        list.push_back({{"conversation", one.id},
                        {"used", utc_text(one.used_ms)},
                        {"questions", one.exchanges},
                        {"model", one.model},
                        {"title", to_utf8(one.title)}});
    }
    return list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// Ids are whole, to be copied; the beginnings of questions take what is left of the line.
std::string list_table(const std::vector<ConversationSummary>& all, const Environment& env) {
    constexpr int other_columns = 36 + 16 + 9 + 3 * 2;
    constexpr int title_columns_min = 10;
    const int title_columns = env.stdout_is_tty ? std::max(title_columns_min, env.width - other_columns) : 60;
    Table table({{"CONVERSATION"}, {"LAST USED (UTC)"}, {"QUESTIONS", Align::right}, {"BEGINS WITH"}});
    for (const auto& one : all) {
        auto used = utc_text(one.used_ms).substr(0, 16);
        used[10] = ' ';
        table.add_row(
            {one.id, used, grouped(static_cast<std::int64_t>(one.exchanges)), shorten(one.title, title_columns)});
    }
    return table.render(Style(env.color), 0);
}

int print_list(const Conversations& kept, const AskOptions& options, const Environment& env) {
    const auto all = kept.list();
    if (options.json) {
        std::fputs(list_json(all).c_str(), stdout);
    } else if (all.empty()) {
        std::fputs("No conversations are kept.\n", stderr);
    } else {
        std::fputs(list_table(all, env).c_str(), stdout);
    }
    return exit_code::done;
}

int prune(const Conversations& kept, const std::string& age) {
    std::int64_t since_ms = 0;
    const auto now_ms = SystemClock{}.now_ms();
    if (age == "all") {
        since_ms = now_ms + 86'400'000;
    } else {
        const auto since = parse_since(age, now_ms);
        if (!since) { return report_error({ErrorKind::usage, "--prune: " + since.error().message + ", or all"}); }
        since_ms = *since;
    }
    const auto removed = kept.remove_unused_since(since_ms);
    std::fprintf(stderr, "%zu conversation%s removed.\n", removed, removed == 1 ? "" : "s");
    return exit_code::done;
}

}  // namespace

int manage_conversations(const AskOptions& options, const Environment& env) {
    const Conversations kept(env.data_dir + "/conversations");
    if (options.list) { return print_list(kept, options, env); }
    if (!options.prune.empty()) { return prune(kept, options.prune); }
    if (auto removed = kept.remove(options.forget); !removed) { return report_error(removed.error()); }
    std::fprintf(stderr, "The conversation is removed.\n");
    return exit_code::done;
}

}  // namespace llmgw
