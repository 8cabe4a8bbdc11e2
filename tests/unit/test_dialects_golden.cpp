// Walks tests/dialects/<dialect>/<case>/: stream.sse with events.txt, or response.json with decoded.txt. A new case
// is a new directory. When one differs, the test prints what the decoder says, ready to be read and, if it is
// right, kept.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "providers/registry.hpp"
#include "tests/support/dialect_text.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;

namespace {

std::string text_of(const DecodedResponse& response) {
    std::string out = "id " + response.id + "\nmodel " + response.model + "\nfinished " + response.finish_reason + "\n";
    if (response.usage) { out += "usage" + llmgw::test::text_of(*response.usage) + "\n"; }
    if (response.error) { out += "failed" + llmgw::test::text_of(*response.error) + "\n"; }
    return out;
}

std::vector<fs::path> case_dirs(const Dialect& dialect) {
    std::vector<fs::path> dirs;
    const fs::path root = fs::path(LLMGW_SOURCE_DIR) / "tests/dialects" / to_string(dialect.id());
    for (const auto& entry : fs::directory_iterator(root)) {
        if (entry.is_directory()) { dirs.push_back(entry.path()); }
    }
    std::ranges::sort(dirs);
    return dirs;
}

}  // namespace

TEST_SUITE("dialects/golden") {
    TEST_CASE("streams: the events of each case, however its bytes are cut") {
        for (const auto& row : dialect_names) {
            const Dialect& dialect = dialects().get(row.id);
            REQUIRE(dialect.id() == row.id);
            int cases = 0;
            for (const auto& dir : case_dirs(dialect)) {
                if (!fs::exists(dir / "stream.sse")) { continue; }
                ++cases;
                CAPTURE(dir.string());
                const std::string stream = read_file(dir / "stream.sse");
                const std::string expected = read_file(dir / "events.txt");
                CHECK(read_stream(dialect, stream, stream.size()).text == expected);
                for (const std::size_t size : {1, 2, 3, 7, 64, 1000}) {
                    const StreamReading cut = read_stream(dialect, stream, size);
                    CHECK(cut.text == expected);
                    CHECK(cut.raw == stream);
                }
                for (std::size_t first = 1; first < stream.size(); ++first) {
                    const StreamReading cut = read_stream(dialect, stream, stream.size(), first);
                    REQUIRE(cut.text == expected);
                    REQUIRE(cut.raw == stream);
                }
            }
            CHECK(cases >= 5);
        }
    }

    TEST_CASE("whole answers: what each case says") {
        for (const auto& row : dialect_names) {
            const Dialect& dialect = dialects().get(row.id);
            int cases = 0;
            for (const auto& dir : case_dirs(dialect)) {
                if (!fs::exists(dir / "response.json")) { continue; }
                ++cases;
                CAPTURE(dir.string());
                CHECK(text_of(dialect.decode_response(read_file(dir / "response.json"))) ==
                      read_file(dir / "decoded.txt"));
            }
            CHECK(cases >= 1);
        }
    }

    TEST_CASE("whole answers: every cut of one is read without harm") {
        for (const auto& row : dialect_names) {
            const Dialect& dialect = dialects().get(row.id);
            for (const auto& dir : case_dirs(dialect)) {
                const std::string body = read_file(dir / "response.json");
                for (std::size_t size = 0; size < body.size(); ++size) {
                    const std::vector<char> cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
                    const DecodedResponse response = dialect.decode_response({cut.data(), cut.size()});
                    REQUIRE(response.content_bytes <= size);
                }
            }
        }
    }
}
