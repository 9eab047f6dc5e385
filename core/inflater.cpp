#include "core/inflater.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "core/zlib_bytes.hpp"

namespace greenroom::ws {

namespace {

using verdict = inflated::verdict;

/// What the sender took off, RFC 7692 section 7.2.2.
constexpr std::string_view tail{"\0\0\xff\xff", 4};

/// In `z_stream::data_type`: between two blocks.
constexpr int between_blocks = 128;

/// Inflates one message into a space that grows to `bytes_max` and one byte,
/// which tells a message that is larger.
class run {
public:
  run(z_stream& z, std::vector<char>& space, std::size_t bytes_max)
    : z_(z), space_(space), room_max_(bytes_max + 1) {
    auto kept = std::min(inflate_space::bytes_kept, room_max_);
    if (space_.size() < kept || space_.size() > inflate_space::bytes_kept)
      std::vector<char>(kept).swap(space_);
  }

  /// False: `what` says why not.
  bool feed(std::string_view some);

  /// All of `some` was read, and it ended the last of the blocks.
  [[nodiscard]] bool ended() const { return ended_; }

  [[nodiscard]] bool at_border() const {
    return ended_ || (z_.data_type & between_blocks) != 0;
  }

  [[nodiscard]] std::string_view bytes() const {
    return {space_.data(), used_};
  }

  verdict what = verdict::whole;

private:
  void make_room();

  z_stream& z_;
  std::vector<char>& space_;
  std::size_t room_max_;
  std::size_t used_ = 0;
  bool ended_ = false;
};

bool run::feed(std::string_view some) {
  z_.next_in = bytes_of(some.data());
  z_.avail_in = static_cast<uInt>(some.size());
  ended_ = false;
  for (;;) {
    auto room = std::min(space_.size(), room_max_) - used_;
    z_.next_out = bytes_of(space_.data() + used_);
    z_.avail_out = static_cast<uInt>(room);
    auto result = ::inflate(&z_, Z_SYNC_FLUSH);
    used_ += room - z_.avail_out;
    if (used_ == room_max_) {
      what = verdict::too_big;
      return false;
    }
    if (result == Z_STREAM_END) {
      // A block may say that it is the last (section 7.2.3.4); others may come
      // behind it, and look back into what was before.
      inflateResetKeep(&z_);
      ended_ = z_.avail_in == 0;
      if (ended_)
        return true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      what = verdict::broken;
      return false;
    } else if (z_.avail_out > 0) {
      return true; // It took all and wants more.
    }
    if (z_.avail_out == 0)
      make_room();
  }
}

void run::make_room() {
  if (used_ < space_.size())
    return;
  auto more = std::min(space_.size() * 2, room_max_);
  space_.reserve(more); // Not a byte beyond.
  space_.resize(more);
}

} // namespace

struct inflater::stream {
  z_stream z{};

  explicit stream(std::uint8_t window_bits) {
    if (inflateInit2(&z, -static_cast<int>(window_bits)) != Z_OK)
      throw std::bad_alloc{};
  }
  ~stream() { inflateEnd(&z); }

  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
};

inflater::inflater(std::uint8_t window_bits)
  : stream_(std::make_unique<stream>(window_bits)) {}

inflater::~inflater() = default;

inflated inflater::inflate_alone(std::string_view message,
                                 std::size_t bytes_max, inflate_space& into) {
  inflateReset(&stream_->z);
  return inflate_next(message, bytes_max, into);
}

inflated inflater::inflate_next(std::string_view message, std::size_t bytes_max,
                                inflate_space& into) {
  // A sender that has nothing to flush gives nothing.
  if (message.empty())
    return {verdict::whole, {}};
  run now{stream_->z, into.bytes_, bytes_max};
  // Who ends with a last block need not have a tail taken off.
  bool fed = now.feed(message) && (now.ended() || now.feed(tail));
  if (!fed)
    return {now.what, {}};
  if (!now.at_border())
    return {verdict::broken, {}}; // It ends within a block.
  return {verdict::whole, now.bytes()};
}

} // namespace greenroom::ws
