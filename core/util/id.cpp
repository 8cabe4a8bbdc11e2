#include "core/util/id.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

namespace llmgw {
namespace {

// Counts forks of this process, in the child: it must not hand out its parent's random bytes again.
std::atomic<unsigned> forks{0};

unsigned fork_count() {
    static const int watching = ::pthread_atfork(nullptr, nullptr, [] { ++forks; });
    // Without the hook every id buys fresh bytes, which is slow and right.
    return watching == 0 ? forks.load(std::memory_order_relaxed) : ++forks;
}

// Random bytes bought 256 at a time (the most getentropy gives), so that most ids need no system call for them.
class RandomPool {
public:
    std::uint64_t next() {
        const auto now = fork_count();
        if (used_ + sizeof(std::uint64_t) > bytes_.size() || now != bought_at_fork_) { refill(now); }
        std::uint64_t value = 0;
        std::memcpy(&value, bytes_.data() + used_, sizeof value);
        used_ += sizeof value;
        return value;
    }

private:
    void refill(unsigned now) {
        // Without randomness there are no unguessable ids, and no sane way to go on. Linux and macOS fail here
        // only when the system call is missing or forbidden.
        if (::getentropy(bytes_.data(), bytes_.size()) != 0) { std::abort(); }
        used_ = 0;
        bought_at_fork_ = now;
    }

    std::array<unsigned char, 256> bytes_{};
    std::size_t used_ = 256;
    unsigned bought_at_fork_ = 0;
};

struct Generator {
    RandomPool random;
    std::int64_t last_ms = 0;
    std::uint32_t counter = 0;  // the 12 bits after the version
};

void put_hex(char*& out, std::uint64_t value, int digits) {
    static constexpr char hex[] = "0123456789abcdef";
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
        *out++ = hex[(value >> shift) & 0xf];
    }
}

}  // namespace

std::string make_id(const Clock& clock) {
    thread_local Generator generator;
    const std::uint64_t random = generator.random.next();
    // Within a millisecond the counter rises; it starts in its lower half to have room. When it is used up the
    // id borrows the next millisecond.
    const auto now_ms = clock.now_ms();
    if (now_ms > generator.last_ms) {
        generator.last_ms = now_ms;
        generator.counter = static_cast<std::uint32_t>(generator.random.next() & 0x7ff);
    } else if (++generator.counter > 0xfff) {
        ++generator.last_ms;
        generator.counter = 0;
    }
    const auto ms = static_cast<std::uint64_t>(generator.last_ms) & 0xffff'ffff'ffffULL;
    std::string id(36, '-');
    char* out = id.data();
    put_hex(out, ms >> 16, 8);
    ++out;
    put_hex(out, ms & 0xffff, 4);
    ++out;
    put_hex(out, 0x7000U | generator.counter, 4);
    ++out;
    put_hex(out, 0x8000U | ((random >> 48) & 0x3fff), 4);
    ++out;
    put_hex(out, random & 0xffff'ffff'ffffULL, 12);
    return id;
}

}  // namespace llmgw
