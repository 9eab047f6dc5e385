#include "net/send_batch.hpp"

#include <liburing.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace greenroom::net {

namespace {

/// Entries of the ring: enough that its system call is nothing beside what it
/// submits, small enough that the ring stays in the cache.
constexpr unsigned ring_entries = 256;

/// With fewer, a plain send each is cheaper (docs/decisions/0013-io-uring.md).
constexpr std::size_t batch_least = 8;

/// The kernel cannot take a submission for a moment: more often is no moment,
/// and a node that cannot send had better be started anew.
constexpr int in_vain_max = 10'000;

constexpr int send_flags = MSG_NOSIGNAL | MSG_DONTWAIT;

} // namespace

struct send_batch::ring {
  io_uring uring{};
  bool is_open = false;

  ~ring() {
    if (is_open)
      io_uring_queue_exit(&uring);
  }
};

std::unique_ptr<send_batch::ring> send_batch::open_ring() {
  auto made = std::make_unique<ring>();
  if (io_uring_queue_init(ring_entries, &made->uring, 0) != 0)
    return nullptr;
  made->is_open = true;
  std::unique_ptr<io_uring_probe, decltype(&io_uring_free_probe)> knows{
      io_uring_get_probe_ring(&made->uring), &io_uring_free_probe};
  if (!knows || !io_uring_opcode_supported(knows.get(), IORING_OP_SEND))
    return nullptr;
  return made;
}

send_batch::send_batch(run_once_queue& sends, bool io_uring)
  : sends_(sends), ring_(io_uring ? open_ring() : nullptr) {}

send_batch::~send_batch() = default;

void send_batch::add(sender& who, int fd, std::string_view bytes) {
  entries_.push_back({&who, fd, bytes, 0});
  // Behind all who are queued already: they all get into this batch.
  sends_.add(*this);
}

void send_batch::run() {
  // Who is told may add again: to the next batch.
  under_way_.swap(entries_);
  std::span<entry> rest{under_way_};
  if (!uses_io_uring() || rest.size() < batch_least) {
    send_each();
    rest = {};
  }
  while (!rest.empty()) {
    auto part = rest.first(std::min<std::size_t>(rest.size(), ring_entries));
    submit(part);
    rest = rest.subspan(part.size());
  }
  for (const auto& each : under_way_)
    each.who->on_sent(each.taken);
  under_way_.clear();
}

void send_batch::send_each() {
  for (auto& each : under_way_) {
    each.taken =
        ::send(each.fd, each.bytes.data(), each.bytes.size(), send_flags);
    if (each.taken < 0)
      each.taken = -errno;
  }
}

void send_batch::submit(std::span<entry> part) {
  auto& uring = ring_->uring;
  for (auto& each : part) {
    auto* sqe = io_uring_get_sqe(&uring);
    io_uring_prep_send(sqe, each.fd, each.bytes.data(), each.bytes.size(),
                       send_flags);
    io_uring_sqe_set_data(sqe, &each);
  }
  // A send that may not wait completes while it is submitted. Should one not,
  // this waits for it: its bytes must stay until then.
  int in_vain = 0;
  for (auto left = part.size(); left > 0;) {
    int submitted =
        io_uring_submit_and_wait(&uring, static_cast<unsigned>(left));
    bool passes = submitted == -EINTR || submitted == -EAGAIN
                  || submitted == -EBUSY; // Out of memory, for a moment.
    if (submitted < 0 && (!passes || ++in_vain > in_vain_max))
      throw std::system_error{-submitted, std::generic_category(), "io_uring"};
    io_uring_cqe* done = nullptr;
    while (io_uring_peek_cqe(&uring, &done) == 0) {
      static_cast<entry*>(io_uring_cqe_get_data(done))->taken = done->res;
      io_uring_cqe_seen(&uring, done);
      --left;
    }
  }
}

} // namespace greenroom::net
