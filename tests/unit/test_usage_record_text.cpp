#include <string>

#include <doctest/doctest.h>

#include "core/usage/record_text.hpp"
#include "core/usage/row_fields.hpp"
#include "usage_fixture.hpp"

using namespace llmgw;
using namespace llmgw::test;
using namespace std::string_literals;

namespace {

// Gives every field a value of its own, none of them the default.
struct Fill {
    int next = 1;
    void operator()(const char* name, std::string& field) { field = std::string(name) + std::to_string(next++); }
    void operator()(const char*, std::int64_t& field) { field = 5'000'000'000 + next++; }
    void operator()(const char*, int& field) { field = next++; }
    void operator()(const char*, std::optional<std::int64_t>& field) { field = -next++; }
    void operator()(const char*, bool& field) { field = true; }
    void operator()(const char*, Ending& field) { field = Ending::cancelled; }
    void operator()(const char*, CostBasis& field) { field = CostBasis::partial; }
    void operator()(const char*, std::vector<UsageIteration>& field) {
        field.resize(2);
        field[0].model = "a";
        field[0].counts.input = next++;
        field[1].counts.output = next++;
    }
};

}  // namespace

TEST_SUITE("usage_record_text") {
    TEST_CASE("record text: every field comes back") {
        CallRecord record;
        Fill fill;
        each_call_field(record.call, fill);
        each_attempt_field(record.attempts.emplace_back(), fill);
        each_attempt_field(record.attempts.emplace_back(), fill);
        std::string text;
        append_record(record, text);
        CHECK(text.find('\n') == text.size() - 1);

        CallRecord back;
        REQUIRE(read_record(text, back) == RecordRead::ok);
        std::string again;
        append_record(back, again);
        CHECK(again == text);
        CHECK(back.call.usage == record.call.usage);
        CHECK(back.call.cost.nano == record.call.cost.nano);
        CHECK(back.call.ending == Ending::cancelled);
        REQUIRE(back.attempts.size() == 2);
        CHECK(back.attempts[1].upstream_request_id == record.attempts[1].upstream_request_id);
        CHECK(back.attempts[1].cost.basis == CostBasis::partial);
    }

    TEST_CASE("record text: what nobody reported stays unknown, and zero stays zero") {
        CallRecord record;
        record.call.call_id = "x";
        record.call.usage.counts.input = 0;
        std::string text;
        append_record(record, text);
        CallRecord back;
        REQUIRE(read_record(text, back) == RecordRead::ok);
        CHECK(back.call.usage.counts.input == 0);
        CHECK_FALSE(back.call.usage.counts.output.has_value());
        CHECK_FALSE(back.call.cost.nano.has_value());
    }

    TEST_CASE("record text: quotes, control characters and bytes that are not UTF-8") {
        CallRecord record;
        record.call.call_id = "x";
        record.call.feature = "a\"b\\c\n\t\x01\0é漢😀"s;
        record.call.user = "bad\xff\xc0\xaf\xed\xa0\x80 end\xe2\x82";
        std::string text;
        append_record(record, text);
        CallRecord back;
        REQUIRE(read_record(text, back) == RecordRead::ok);
        CHECK(back.call.feature == record.call.feature);
        CHECK(
            back.call.user ==
            "bad\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd end\xef\xbf\xbd\xef\xbf\xbd");
    }

    TEST_CASE("record text: cut anywhere, it is torn; followed by a whole record, that one is read") {
        auto first = sample_call();
        first.call.feature = R"(looks like {"v":1,"call":{} a record)";
        std::string torn;
        append_record(first, torn);
        const auto second = sample_call("other");
        std::string whole;
        append_record(second, whole);
        CallRecord back;
        for (std::size_t size = 0; size + 1 < torn.size(); ++size) {
            CAPTURE(size);
            REQUIRE(read_record(torn.substr(0, size), back) == RecordRead::torn);
            REQUIRE(read_record(torn.substr(0, size) + whole, back) == RecordRead::ok);
            REQUIRE(back.call.call_id == second.call.call_id);
            REQUIRE(back.call.feature == "other");
        }
        REQUIRE(read_record(torn, back) == RecordRead::ok);
        CHECK(back.call.feature == first.call.feature);
    }

    TEST_CASE("record text: a later format is left for the llmgw that knows it") {
        CallRecord back;
        CHECK(read_record(R"({"v":2,"call":{"call_id":"x"}})", back) == RecordRead::newer);
        CHECK(read_record(R"({"v":1,"call":{"call_id":7}})", back) == RecordRead::torn);
        CHECK(read_record("null", back) == RecordRead::torn);
    }
}
