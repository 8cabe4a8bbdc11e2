// Buffered reading and writing on one client socket with as few system calls as the job takes: reads are
// tried before they are waited for, writes are gathered until flush().
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

class SocketIo {
public:
    // Does not own `fd`. `abort_fd` (or -1) becomes readable when everything must end now.
    SocketIo(int fd, int abort_fd, std::chrono::milliseconds io_timeout);

    // Takes what is there already, without waiting. False: nothing yet, or the peer is gone (at_end()).
    bool try_read();
    // The same, but waits as long as the socket's own time-out for receiving (SO_RCVTIMEO) says, in one system call.
    bool wait_read();

    // What has been read and not taken yet; valid until the next read.
    std::string_view buffered() const { return {read_buffer_.data() + read_at_, read_end_ - read_at_}; }
    void take(std::size_t size) { read_at_ += size; }
    // Waits for more behind what is buffered. False when nothing comes: the peer is gone, or silent for too long.
    bool read_more();

    // Bytes read, 0 at end of file, -1 on error or time-out. Flushes before it waits.
    long read(char* into, std::size_t size);
    // Gathers; false when the peer is gone.
    bool write(const char* bytes, std::size_t size);
    bool flush();
    // Sends what goes without waiting; true when nothing is left.
    bool try_flush();

    // Lets go of the read buffer when nothing is in it; a stream that lasts for minutes reads nothing.
    void release_read_buffer();
    // Closes our side and reads what the peer still sends, for a short while: a socket closed with unread input
    // resets the connection, and the reset can overtake the reply.
    void linger();

    bool readable_now() const { return read_at_ < read_end_; }
    bool broken() const { return broken_; }
    // try_read() found that nothing more will come.
    bool at_end() const { return at_end_; }
    int fd() const { return fd_; }

private:
    bool fill(int flags);
    bool wait(short events, std::chrono::milliseconds limit) const;
    bool send_all(const char* bytes, std::size_t size);

    int fd_;
    int abort_fd_;
    std::chrono::milliseconds io_timeout_;
    std::vector<char> read_buffer_;
    std::size_t read_at_ = 0;
    std::size_t read_end_ = 0;
    std::string write_buffer_;
    bool broken_ = false;
    bool at_end_ = false;
};

}  // namespace llmgw
