#include <string>

#include <doctest/doctest.h>

#include "core/util/json_scan.hpp"
#include "providers/dialects/custom_input.hpp"

using namespace llmgw;
using namespace llmgw::wire;

namespace {

std::string read(std::string_view arguments, std::size_t piece_bytes) {
    BridgedInput reader;
    std::string out;
    for (std::size_t at = 0; at < arguments.size(); at += piece_bytes) {
        out += reader.feed(arguments.substr(at, piece_bytes));
    }
    return out + reader.finish();
}

}  // namespace

TEST_SUITE("dialects/custom_input") {
    TEST_CASE("an input comes back however its arguments are cut") {
        const std::string input = "*** Begin Patch\n\"quoted\" \\ back\ttab \x01 \xC3\xA9 \xF0\x9F\x9A\x80 end";
        const std::string arguments = bridged_arguments(input);
        for (std::size_t size = 1; size <= arguments.size(); ++size) {
            CAPTURE(size);
            CHECK(read(arguments, size) == input);
        }
    }

    TEST_CASE("arguments as models write them") {
        struct Row {
            const char* arguments;
            const char* input;
        };
        const Row rows[] = {
            {R"( { "input" : "a" } )", "a"},
            {R"({"input":"\ud83d\ude80 \u00e9\/"})", "\xF0\x9F\x9A\x80 \xC3\xA9/"},
            {R"({"input":"\ud83d!"})", "\xEF\xBF\xBD!"},
            {R"({"input":"\ud83d"})", "\xEF\xBF\xBD"},
            {R"({"input":"\ud83d\n\ude00"})", "\xEF\xBF\xBD\n\xEF\xBF\xBD"},
            {R"({"why":{"input":"no"},"input":"yes"})", "yes"},
            {R"({"input":"cut)", "cut"},
            {R"({"input":""})", ""},
            {R"({"input":"a","more":"b"})", "a"},
            {R"({})", ""},
            {R"()", ""},
            {R"(*** Begin Patch)", "*** Begin Patch"},
            {R"({"cmd":"ls"})", R"({"cmd":"ls"})"},
            {R"({"input":7})", R"({"input":7})"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.arguments);
            for (const std::size_t size : {1, 2, 3, 5, 100}) {
                CHECK(read(row.arguments, size) == row.input);
            }
        }
    }

    TEST_CASE("the input streams: nothing of the string waits for its end") {
        BridgedInput reader;
        CHECK(reader.feed(R"({"inp)").empty());
        CHECK(reader.feed(R"(ut":"ab)") == "ab");
        CHECK(reader.feed(R"(c\)") == "c");
        CHECK(reader.feed(R"(n)") == "\n");
        CHECK(reader.feed(R"(d"})") == "d");
        CHECK(reader.finish().empty());
    }

    TEST_CASE("a bridged tool says its grammar and takes one string") {
        Tool tool;
        tool.kind = ToolKind::custom;
        tool.name = "apply_patch";
        tool.description = "Edits files.";
        tool.format = R"({"type":"grammar","syntax":"lark","definition":"start: \"x\""})";
        const Tool bridged = bridged_tool(tool);
        CHECK(bridged.kind == ToolKind::function);
        CHECK(bridged.name == "apply_patch");
        CHECK(bridged.description == "Edits files.");
        const auto text = json_scan::at(bridged.parameters, {"properties", "input", "description"});
        REQUIRE(text);
        CHECK(text->as_string().value_or("").ends_with("lark grammar:\nstart: \"x\""));
    }
}
