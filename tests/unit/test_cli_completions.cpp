// What the bash completions offer, asked of a real bash with the committed script.
#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/unit/cli_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

// Completes the last of the words, as bash splits them.
std::vector<std::string> offered(const TempDir& dir, const std::vector<std::string>& words) {
    std::string list;
    for (const auto& word : words) {
        list += " '" + word + "'";
    }
    const auto script = dir.write("ask.bash", "PATH=" + std::filesystem::path(built_llmgw()).parent_path().string() +
                                                  ":$PATH\ncd " + dir.path() + "\n. " + LLMGW_SOURCE_DIR +
                                                  "/completions/llmgw.bash\nCOMP_WORDS=(llmgw" + list +
                                                  ")\nCOMP_CWORD=" + std::to_string(words.size()) +
                                                  "\n_llmgw\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
    ChildRun run;
    run.argv = {"/bin/bash", "--norc", script};
    run.environment = {"PATH=" + std::string(std::getenv("PATH")), "HOME=" + dir.path()};
    const auto ended = run_child(run);
    REQUIRE(ended);
    std::vector<std::string> out;
    std::istringstream lines(ended->output);
    for (std::string line; std::getline(lines, line);) {
        out.push_back(line);
    }
    return out;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
    return std::ranges::find(all, one) != all.end();
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("Completions: bash offers agents, dimensions, providers, models and commands in their places") {
    if (!is_built() || !std::filesystem::exists("/bin/bash")) { return; }
    const TempDir dir;
    std::filesystem::create_directories(dir.path() + "/.config/llmgw");
    dir.write(".config/llmgw/config.toml",
              "[providers.mine]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\napi_key = \"none\"\n"
              "models = [\"qwen\"]\n[routes]\nfast = \"mine/qwen\"\n");
    CHECK(offered(dir, {"us"}) == Words{"usage"});
    for (const std::string agent : {"claude", "codex", "gemini", "opencode", "cursor", "curl"}) {
        CHECK(has(offered(dir, {"env", ""}), agent));
    }
    CHECK(offered(dir, {"env", "claude", "--shell", "f"}) == Words{"fish"});
    CHECK(offered(dir, {"env", "claude", "--shell", "=", "f"}) == Words{"fish"});
    CHECK(offered(dir, {"env", "claude", "--shell", "="}).size() == 5);
    CHECK(offered(dir, {"completions", "z"}) == Words{"zsh"});
    CHECK(offered(dir, {"usage", "--by", "fe"}) == Words{"feature"});
    CHECK(offered(dir, {"usage", "--by", "feature,mo"}) == Words{"feature,model", "feature,month"});
    CHECK(offered(dir, {"usage", "--format", "c"}) == Words{"csv"});
    CHECK(offered(dir, {"logs", "--where", "sta"}) == Words{"status="});
    CHECK(offered(dir, {"keys", "set", "mi"}) == Words{"mine", "mistral"});
    CHECK(offered(dir, {"models", "--provider", "mine"}) == Words{"mine"});
    CHECK(offered(dir, {"ask", "-m", "fa"}) == Words{"fast"});
    CHECK(offered(dir, {"routes", "explain", "mine/"}) == Words{"mine/qwen"});
    CHECK(has(offered(dir, {"ask", "--model", "anthropic/claude-haiku"}), "anthropic/claude-haiku-4-5"));
    CHECK(offered(dir, {"help", "pri"}) == Words{"prices"});
    CHECK(has(offered(dir, {"usage", "--s"}), "--since"));
    // A file, of which nothing else is known.
    CHECK(offered(dir, {"serve", "--config", "ask"}) == Words{"ask.bash"});
    // A configuration that cannot be read offers nothing, and says nothing.
    dir.write(".config/llmgw/config.toml", "nonsense");
    CHECK(has(offered(dir, {"keys", "set", "anth"}), ""));
    CHECK(offered(dir, {"usage", "--by", "fe"}) == Words{"feature"});
}
