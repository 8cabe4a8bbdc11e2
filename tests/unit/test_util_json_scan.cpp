#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/util/json_scan.hpp"

namespace json_scan = llmgw::json_scan;
using json_scan::Type;
using json_scan::Value;

namespace {

std::string walk(std::string_view text, bool& whole) {
    std::string seen;
    whole = json_scan::each_member(text, [&](std::string_view key, const Value& value) {
        seen += std::string(key) + "=" + std::string(value.text) + ";";
        return true;
    });
    return seen;
}

Value value_of(std::string_view text, Type type) {
    return {type, text};
}

}  // namespace

TEST_SUITE("util/json_scan") {
    TEST_CASE("each_member: values of all kinds, as written") {
        bool whole = false;
        const std::string text =
            " {\"a\" : 1,\"b\":-2.5e+3 ,\"c\":\"x\\\"}{\",\"d\":[1,{\"e\":\"]\"}],\n\"f\":{},\"g\":true,"
            "\"h\":false,\"i\":null,\"\":\"\"} trailing";
        CHECK(walk(text, whole) == "a=1;b=-2.5e+3;c=\"x\\\"}{\";d=[1,{\"e\":\"]\"}];f={};g=true;h=false;i=null;=\"\";");
        CHECK(whole);
        CHECK(walk("\xEF\xBB\xBF{\"a\":1}", whole) == "a=1;");
        CHECK(whole);
        CHECK(walk("{}", whole).empty());
        CHECK(whole);
    }

    TEST_CASE("each_member: garbage is refused, what came before it was visited") {
        struct Row {
            std::string_view text;
            std::string_view seen;
        };
        const Row rows[] = {
            {"", ""},
            {"   ", ""},
            {"[]", ""},
            {"\"a\"", ""},
            {"{", ""},
            {"{\"a", ""},
            {"{\"a\"", ""},
            {"{\"a\":", ""},
            {"{\"a\":1", "a=1;"},
            {"{\"a\":1,", "a=1;"},
            {"{\"a\":1,}", "a=1;"},
            {"{,\"a\":1}", ""},
            {"{\"a\" 1}", ""},
            {"{a:1}", ""},
            {"{\"a\":1 \"b\":2}", "a=1;"},
            {"{\"a\":tru}", ""},
            {"{\"a\":01}", "a=0;"},
            {"{\"a\":+1}", ""},
            {"{\"a\":1.}", ""},
            {"{\"a\":1e}", ""},
            {"{\"a\":NaN}", ""},
            {"{\"a\":\"x}", ""},
            {"{\"a\":\"x\\\"}", ""},
            {"{\"a\":[1,2}", "a=[1,2};"},  // brackets are counted, not told apart
            {"{\"a\":{\"b\":1}", "a={\"b\":1};"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.text);
            bool whole = true;
            CHECK(walk(row.text, whole) == row.seen);
            CHECK_FALSE(whole);
        }
    }

    TEST_CASE("each_member: every cut of a text is refused and nothing beyond it is read") {
        const std::string text =
            "{\"model\":\"a\\\\\",\"n\":[{\"k\":\"v\\\"w and some longer text here\"},[]],\"z\":-1.5}";
        for (std::size_t size = 0; size < text.size(); ++size) {
            // A buffer of exactly this size: the address sanitizer sees a read past it.
            const std::vector<char> cut(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
            CHECK_FALSE(json_scan::each_member({cut.data(), cut.size()}, [](auto, const auto&) { return true; }));
        }
        CHECK(json_scan::each_member(text, [](auto, const auto&) { return true; }));
    }

    TEST_CASE("strings: a quote behind any number of backslashes, at any offset") {
        for (std::size_t lead = 0; lead < 40; ++lead) {
            for (std::size_t slashes = 0; slashes < 6; ++slashes) {
                const std::string inside = std::string(lead, 'x') + std::string(slashes * 2, '\\') + "\\\"";
                const std::string text = "{\"k\":\"" + inside + "\",\"z\":1}";
                CHECK(json_scan::member(text, "k")->raw_string() == inside);
                CHECK(json_scan::member(text, "z")->as_int() == 1);
            }
        }
    }

    TEST_CASE("depth: bounded, and deep nesting is no recursion") {
        const auto nested = [](std::size_t depth) {
            return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
        };
        CHECK(json_scan::member(nested(json_scan::depth_max), "a").has_value());
        CHECK_FALSE(json_scan::member(nested(json_scan::depth_max + 1), "a").has_value());
        CHECK_FALSE(json_scan::member("{\"a\":" + std::string(10'000'000, '['), "a").has_value());
    }

    TEST_CASE("each_element and each_member: stopping early is no failure") {
        int seen = 0;
        CHECK(json_scan::each_element("[1,2,3, broken", [&](const Value&) { return ++seen < 2; }));
        CHECK(seen == 2);
        seen = 0;
        CHECK(json_scan::each_element("[ \"a\" , [2] , {} ]", [&](const Value&) { return ++seen > 0; }));
        CHECK(seen == 3);
        CHECK(json_scan::each_element("[]", [](const Value&) { return true; }));
        CHECK_FALSE(json_scan::each_element("[1,]", [](const Value&) { return true; }));
        CHECK_FALSE(json_scan::each_element("{}", [](const Value&) { return true; }));
    }

    TEST_CASE("member and at: the first with the key, through objects only") {
        const std::string text = "{\"a\":{\"b\":{\"c\":7},\"b\":8},\"a\":9}";
        CHECK(json_scan::member(text, "a")->is_object());
        CHECK(json_scan::at(text, {"a", "b", "c"})->as_int() == 7);
        CHECK_FALSE(json_scan::at(text, {"a", "b", "d"}).has_value());
        CHECK_FALSE(json_scan::at(text, {"a", "b", "c", "d"}).has_value());
        CHECK_FALSE(json_scan::at(text, {"x"}).has_value());
        // What follows the path is not looked at.
        CHECK(json_scan::at("{\"a\":{\"b\":1,", {"a", "b"})->as_int() == 1);
    }

    TEST_CASE("lookup: one model cannot be authorised and another sent") {
        struct Row {
            std::string_view text;
            std::string_view value;  // "-": none
            std::size_t matches;
            bool unambiguous;
        };
        const Row rows[] = {
            {R"({"model":"a"})", "a", 1, true},
            {R"({"x":{"model":"b"},"model":"a","y":["model"]})", "a", 1, true},
            {R"({"model":"a","model":"b"})", "b", 2, false},
            {R"({"model":"a","mod\u0065l":"b"})", "b", 2, false},
            {R"({"mod\u0065l":"b"})", "b", 1, true},
            {R"({"\u006d\u006f\u0064\u0065\u006c":"b","model":"a"})", "a", 2, false},
            {R"({"model":"a","MODEL":"b"})", "a", 2, false},
            {R"({"Model":"b"})", "-", 1, false},
            {R"({"model":"a","bad\u00":1})", "a", 1, false},
            {R"({"model":"a")", "a", 1, false},
            {R"({"model":"a",})", "a", 1, false},
            {R"({"x":1})", "-", 0, false},
            {R"([])", "-", 0, false},
        };
        for (const auto& row : rows) {
            CAPTURE(row.text);
            const auto found = json_scan::lookup(row.text, "model");
            CHECK((found.value ? found.value->raw_string() : "-") == row.value);
            CHECK(found.matches == row.matches);
            CHECK(found.unambiguous() == row.unambiguous);
            CHECK(json_scan::last_member(row.text, "model").has_value() == (row.value != "-"));
        }
    }

    TEST_CASE("as_int: whole numbers only") {
        const auto number = [](std::string_view text) { return value_of(text, Type::number).as_int(); };
        CHECK(number("0") == 0);
        CHECK(number("-7") == -7);
        CHECK(number("9223372036854775807") == 9223372036854775807);
        CHECK(number("119.0") == 119);
        CHECK(number("1e3") == 1000);
        CHECK(number("-2.50E1") == -25);
        CHECK_FALSE(number("1.5").has_value());
        CHECK_FALSE(number("9223372036854775808").has_value());
        CHECK_FALSE(number("1e400").has_value());
        CHECK_FALSE(value_of("\"1\"", Type::string).as_int().has_value());
        CHECK(value_of("true", Type::boolean).as_bool() == true);
        CHECK(value_of("false", Type::boolean).as_bool() == false);
        CHECK_FALSE(value_of("null", Type::null).as_bool().has_value());
    }

    TEST_CASE("as_string: escapes resolved as a full parser does, broken ones refused") {
        const std::string good[] = {
            R"("")",          R"("plain")",   R"("\"\\\/\b\f\n\r\t")", R"("\u0041\u00e9\u20ac")", R"("\ud83d\ude00 x")",
            R"("\u0000end")", "\"\xC3\xA9\"",
        };
        for (const auto& text : good) {
            CAPTURE(text);
            CHECK(value_of(text, Type::string).as_string() == nlohmann::json::parse(text).get<std::string>());
        }
        for (const std::string_view text : {R"("\x")", R"("\u12")", R"("\u12g4")", R"("\ud83d")", R"("\ud83dx")",
                                            R"("\ud83d\u0041")", R"("\ude00")", R"("\")"}) {
            CAPTURE(text);
            CHECK_FALSE(value_of(text, Type::string).as_string().has_value());
        }
    }

    TEST_CASE("quote: what a full parser reads back is what went in") {
        std::string all;
        for (int c = 0; c < 128; ++c) {
            all.push_back(static_cast<char>(c));
        }
        all += "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
        CHECK(nlohmann::json::parse(json_scan::quote(all)).get<std::string>() == all);
        // Not UTF-8: overlong, surrogate, cut, beyond Unicode, stray.
        for (const std::string bad : {"\xC0\x80", "\xED\xA0\x80", "\xE2\x82", "\xF4\x90\x80\x80", "\xFF", "\x80"}) {
            const std::string quoted = json_scan::quote("<" + bad + ">");
            const auto read = nlohmann::json::parse(quoted).get<std::string>();
            CHECK(read.starts_with("<\xEF\xBF\xBD"));
            CHECK(read.ends_with(">"));
        }
    }
}
