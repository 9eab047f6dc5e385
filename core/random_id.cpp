#include "core/random_id.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <stdexcept>

namespace greenroom {

namespace {

/// Bytes from the kernel, bought in bulk: a system call per id would show at
/// connect time.
class entropy {
public:
  /// `count` bytes, at most `most`.
  std::span<const unsigned char> take(std::size_t count) {
    if (pool_.size() - used_ < count)
      refill();
    used_ += count;
    return std::span{pool_}.subspan(used_ - count, count);
  }

  static constexpr std::size_t most = 256;

private:
  void refill() {
    // A signal may cut a request of more than 256 bytes short (getrandom(2)).
    for (std::size_t have = 0; have < pool_.size();) {
      auto got = getrandom(pool_.data() + have, pool_.size() - have, 0);
      if (got < 0 && errno != EINTR)
        throw std::runtime_error("the system gives no random bytes");
      have += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    }
    used_ = 0;
  }

  std::array<unsigned char, 8 * most> pool_{};
  std::size_t used_ = pool_.size();
};

thread_local entropy source;

} // namespace

std::string random_id(std::string_view prefix, std::size_t characters) {
  std::string id{prefix};
  id.resize(prefix.size() + characters);
  auto* at = id.data() + prefix.size();
  while (characters > 0) {
    auto bytes = source.take(std::min(characters, entropy::most));
    for (auto byte : bytes)
      *at++ = id_characters[byte % id_characters.size()];
    characters -= bytes.size();
  }
  return id;
}

std::uint64_t random_u64() {
  std::uint64_t bits = 0;
  for (auto byte : source.take(sizeof bits))
    bits = bits << 8 | byte;
  return bits;
}

} // namespace greenroom
