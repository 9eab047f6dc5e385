#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/run_once.hpp"

namespace greenroom::net {

/// The sends of one turn. With io_uring they are handed to the kernel together:
/// one system call submits them all, and the kernel walks its TCP path for one
/// connection after the other. docs/decisions/0013-io-uring.md has what that
/// saves, and where it does not. Its loop's thread only.
///
/// A send never waits: what the socket does not take at once comes back as a
/// short count or as EAGAIN, just as from send(2) with MSG_DONTWAIT.
class send_batch final : public run_once {
public:
  class sender {
  public:
    virtual ~sender() = default;

    /// The send is done: bytes taken, or a negative errno.
    virtual void on_sent(long taken) = 0;
  };

  /// `sends` is the queue of the turn's end. Without `io_uring`, or where the
  /// kernel has none for us (an old one, or a container whose seccomp profile
  /// forbids it), each has its own send(2).
  send_batch(run_once_queue& sends, bool io_uring);
  ~send_batch() override;

  [[nodiscard]] bool uses_io_uring() const { return ring_ != nullptr; }

  /// Sends `bytes` to the socket `fd` once all who have something to send in
  /// this turn have said so. Until `on_sent`, the bytes stay where they are,
  /// the socket stays open and `who` lives and adds nothing more.
  void add(sender& who, int fd, std::string_view bytes);

  void run() override;

private:
  struct ring;

  struct entry {
    sender* who;
    int fd;
    std::string_view bytes;
    long taken;
  };

  static std::unique_ptr<ring> open_ring();
  void send_each();
  void submit(std::span<entry> part);

  run_once_queue& sends_;
  std::unique_ptr<ring> ring_;
  std::vector<entry> entries_;
  std::vector<entry> under_way_;
};

} // namespace greenroom::net
