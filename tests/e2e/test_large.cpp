// Large and compressed request bodies.
#include <cstdio>

#include <brotli/encode.h>
#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("large");

namespace {

constexpr std::size_t mib = 1024 * 1024;

// A valid request of exactly that many bytes.
std::string body_of(std::size_t bytes) {
    const std::string head = R"({"model":"claude-haiku-4-5","max_tokens":1,"messages":[{"role":"user","content":")";
    const std::string tail = "\"}]}";
    return head + std::string(bytes - head.size() - tail.size(), 'x') + tail;
}

std::string with_zlib(const std::string& plain, int window_bits) {
    z_stream stream{};
    ::deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
    std::string out(::deflateBound(&stream, plain.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    return out;
}

std::string compressed(const std::string& coding, const std::string& plain) {
    if (coding == "gzip") { return with_zlib(plain, 15 + 16); }
    if (coding == "deflate") { return with_zlib(plain, 15); }
    if (coding == "zstd") {
        std::string out(::ZSTD_compressBound(plain.size()), '\0');
        out.resize(::ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
        return out;
    }
    std::string out(::BrotliEncoderMaxCompressedSize(plain.size()) + 64, '\0');
    std::size_t size = out.size();
    ::BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, plain.size(),
                            reinterpret_cast<const std::uint8_t*>(plain.data()), &size,
                            reinterpret_cast<std::uint8_t*>(out.data()));
    out.resize(size);
    return out;
}

// Highest memory use of a process so far.
std::size_t peak_bytes(int pid) {
    const auto status = read_file("/proc/" + std::to_string(pid) + "/status");
    const auto at = status.find("VmHWM:");
    return at == std::string::npos ? 0 : std::strtoull(status.c_str() + at + 6, nullptr, 10) * 1024;
}

}  // namespace

TEST_CASE("T13: 64 MiB pass end to end without being copied about") {
    World world;
    const auto before = peak_bytes(world.gateway().process().pid());
    const auto body = body_of(64 * mib);
    const auto response = world.gateway().post("/v1/messages", body);
    CHECK(response.status == 200);
    REQUIRE(world.upstream.last() != nullptr);
    CHECK(world.upstream.last()->body.size() == body.size());
    CHECK(world.upstream.last()->body == body);
    if constexpr (!sanitized) {
        const auto used = peak_bytes(world.gateway().process().pid()) - before;
        CHECK(used < body.size() * 5 / 2);
    }
    world.upstream.clear();
}

TEST_CASE("T13: a body over the limit is llmgw's own 413 that names the setting") {
    World world({.server = "max_body_mb = 1", .timeouts = "", .more = ""});
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto response = world.gateway().post(wire.target, body_of(mib + 1));
        CHECK(response.status == 413);
        CHECK(is_error_of(wire.dialect, response.body));
        CHECK(error_message(response.body).find("max_body_mb") != std::string::npos);
    }
    CHECK(world.upstream.request_count() == 0);
    CHECK(world.gateway().post("/v1/messages", body_of(mib)).status == 200);
}

TEST_CASE("T13: an over-large body is refused whether its length is told or not, and the client hears of it") {
    World world({.server = "max_body_mb = 1", .timeouts = "", .more = ""});
    const auto large = body_of(8 * mib);
    CHECK(world.gateway().post("/v1/messages", large).status == 413);
    // Chunked: nothing tells the size in advance.
    RawClient client(world.gateway().port());
    client.send("POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nx-llmgw-feature: e2e\r\nAuthorization: Bearer " +
                world.gateway().client_key() + "\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (std::size_t sent = 0; sent < large.size(); sent += 65536) {
        if (!client.send("10000\r\n" + large.substr(sent, 65536) + "\r\n")) { break; }
    }
    client.send("0\r\n\r\n");
    CHECK(client.read_response().status == 413);
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("Chunked request bodies arrive whole") {
    World world;
    const auto& wire = canned::wires()[0];
    RawClient client(world.gateway().port());
    client.send("POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nx-llmgw-feature: e2e\r\nAuthorization: Bearer " +
                world.gateway().client_key() +
                "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (std::size_t at = 0; at < wire.body.size(); at += 10) {
        const auto piece = wire.body.substr(at, 10);
        char size[8];
        std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
        client.send(size + piece + "\r\n");
    }
    client.send("0\r\n\r\n");
    CHECK(client.read_response().body == wire.answer);
    CHECK(world.upstream.last()->body == wire.body);
}

TEST_CASE("Compressed request bodies arrive as what they hold") {
    World world({.server = "max_body_mb = 1", .timeouts = "", .more = ""});
    const auto body = body_of(200'000);
    for (const std::string coding : {"gzip", "deflate", "br", "zstd"}) {
        CAPTURE(coding);
        const auto response =
            world.gateway().post("/v1/messages", compressed(coding, body), {{"Content-Encoding", coding}});
        CHECK(response.status == 200);
        REQUIRE(world.upstream.last() != nullptr);
        CHECK(world.upstream.last()->body == body);
        CHECK(find_header(world.upstream.last()->headers, "content-encoding").empty());
    }
    const auto served = world.upstream.request_count();
    for (const std::string coding : {"gzip", "deflate", "br", "zstd"}) {
        CAPTURE(coding);
        // Small on the wire, large in memory.
        const auto bomb = compressed(coding, body_of(32 * mib));
        REQUIRE(bomb.size() < mib);
        CHECK(world.gateway().post("/v1/messages", bomb, {{"Content-Encoding", coding}}).status == 413);
        CHECK(world.gateway().post("/v1/messages", "no such coding", {{"Content-Encoding", coding}}).status == 400);
    }
    const auto unknown = world.gateway().post("/v1/messages", body, {{"Content-Encoding", "made-up"}});
    CHECK((unknown.status == 400 || unknown.status == 415));
    CHECK(world.upstream.request_count() == served);
}

TEST_CASE("An answer is never compressed by llmgw, and one the provider compressed can be read") {
    World world;
    const auto& wire = canned::wires()[0];
    const Headers asks{{"Accept-Encoding", "gzip, deflate, br, zstd"}};
    for (const bool stream : {false, true}) {
        const auto response = world.ask(wire, stream, asks);
        CHECK(response.header("content-encoding").empty());
        CHECK(response.body == (stream ? canned::joined(wire.events) : wire.answer));
    }
    // llmgw must read what passes, so it asks for no coding it would have to undo.
    const auto asked = find_header(world.upstream.last()->headers, "accept-encoding");
    CHECK((asked.empty() || asked == "identity"));
}

TEST_SUITE_END();
