#include <doctest/doctest.h>

#include "core/util/json_edit.hpp"

using namespace llmgw;

TEST_CASE("json_edit: members are set and taken out, the others keep their bytes") {
    const std::string body =
        "{ \"model\": \"m\",\n  \"n\": 1.50e2 , \"deep\": {\"model\": [\"a,b\", \"}\"]},\"stream\":true }";
    CHECK(edit_members(body, {{"model", std::nullopt}, {"v", "\"1\""}}) ==
          "{\"v\":\"1\",\n  \"n\": 1.50e2, \"deep\": {\"model\": [\"a,b\", \"}\"]},\"stream\":true }");
    CHECK(edit_members(body, {{"stream", std::nullopt}}) ==
          "{ \"model\": \"m\",\n  \"n\": 1.50e2, \"deep\": {\"model\": [\"a,b\", \"}\"]} }");
    CHECK(edit_members(body, {}) ==
          "{ \"model\": \"m\",\n  \"n\": 1.50e2, \"deep\": {\"model\": [\"a,b\", \"}\"]},\"stream\":true }");
    CHECK(
        edit_members(body, {{"n", "2"}, {"model", "\"x\""}}).value().starts_with("{\"n\":2,\"model\":\"x\", \"deep\""));
}

TEST_CASE("json_edit: a name is found however it is written, and as often as it is there") {
    CHECK(edit_members(R"({"mod\u0065l":1,"a":2,"model":3})", {{"model", "4"}}) == R"({"model":4,"a":2})");
    CHECK(edit_members(R"({"a":1})", {{"a", std::nullopt}}) == "{}");
    CHECK(edit_members("{}", {{"a", "1"}, {"b", "2"}}) == R"({"a":1,"b":2})");
    CHECK(edit_members(" {\"a\":1}\n", {{"b", "2"}}) == " {\"b\":2,\"a\":1}\n");
}

TEST_CASE("json_edit: what is no whole object is left alone") {
    for (const auto* text : {"", "[]", "{", R"({"a":1)", R"({"a":1,})", R"({"a" 1})", "null", R"({"a":"b)"}) {
        CAPTURE(text);
        CHECK_FALSE(edit_members(text, {{"a", "1"}}));
    }
}
