#include <random>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/util/json_scan.hpp"
#include "core/util/json_valid.hpp"

using namespace llmgw;

TEST_CASE("json_valid: what is JSON and what is not") {
    for (const char* text :
         {"{}", " [ ] ", "null", "true", "-0", "0.5e+7", R"("a\u00e9\n\/")", R"({"a":[1,{"b":{}}]})",
          "\t{\r\n\"a\" : 1 , \"b\" : [ ] }\n", R"("\ud83d")", "\"\xff\"", "[[],[[]],{}]", "\xef\xbb\xbf{}"}) {
        CAPTURE(text);
        CHECK(is_json(text));
    }
    for (const char* text : {"",
                             " ",
                             "{",
                             "}",
                             "[1,]",
                             "{,}",
                             R"({"a"})",
                             R"({"a":})",
                             R"({"a":1,})",
                             "{a:1}",
                             "01",
                             "1.",
                             "-",
                             "+1",
                             "1e",
                             ".5",
                             "nul",
                             "True",
                             "\"a",
                             "\"\n\"",
                             R"("\x")",
                             R"("\u12g4")",
                             "1 2",
                             "{}{}",
                             "[1 2]",
                             R"({"a" 1})",
                             "[}",
                             R"({"a":[1})",
                             "{}\xef\xbb\xbf",
                             "NaN"}) {
        CAPTURE(text);
        CHECK_FALSE(is_json(text));
    }
    CHECK(is_json_object(" {\"a\":1}"));
    CHECK_FALSE(is_json_object("[1]"));
    CHECK_FALSE(is_json_object("{} x"));
    CHECK(is_json(std::string(json_scan::depth_max, '[') + std::string(json_scan::depth_max, ']')));
    CHECK_FALSE(is_json(std::string(json_scan::depth_max + 1, '[') + std::string(json_scan::depth_max + 1, ']')));
    CHECK_FALSE(is_json(std::string_view("\"a\0b\"", 5)));
    CHECK_FALSE(is_json(std::string_view("\"\\\0\"", 4)));
}

TEST_CASE("json_valid: agrees with a parser about mutations of a text") {
    const std::string whole =
        R"({"model":"m","n":[1,-2.5,0],"deep":{"a":{"b":[true,false,null]}},"text":"line\nand \"quotes\" \\ \u0041 end"})";
    std::mt19937 random(1);
    const std::string bytes = "{}[]\",:\\ \n0123456789eE+-.tfnu\x01x";
    for (int i = 0; i < 60000; ++i) {
        std::string text = whole;
        for (unsigned times = random() % 3 + 1; times > 0; --times) {
            const auto at = random() % text.size();
            switch (random() % 3) {
                case 0: text[at] = bytes[random() % bytes.size()]; break;
                case 1: text.erase(at, 1 + random() % 3); break;
                default: text.insert(at, 1, bytes[random() % bytes.size()]);
            }
        }
        CAPTURE(text);
        REQUIRE(is_json(text) == nlohmann::json::accept(text));
    }
}
