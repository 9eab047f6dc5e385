#include "core/random_id.hpp"

#include <sys/random.h>

#include <array>
#include <stdexcept>

namespace greenroom {

namespace {

/// Bytes from the kernel, bought in bulk: a system call per id would show at
/// connect time.
class entropy {
public:
  unsigned char next() {
    if (used_ == pool_.size())
      refill();
    return pool_[used_++];
  }

private:
  void refill() {
    // Requests of up to 256 bytes are never cut short (getrandom(2)).
    if (getrandom(pool_.data(), pool_.size(), 0)
        != static_cast<ssize_t>(pool_.size()))
      throw std::runtime_error("the system gives no random bytes");
    used_ = 0;
  }

  std::array<unsigned char, 256> pool_{};
  std::size_t used_ = pool_.size();
};

thread_local entropy source;

} // namespace

std::string random_id(std::string_view prefix, std::size_t characters) {
  // 32 signs, without the look-alikes i, l, o and u.
  static constexpr std::string_view signs = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string id{prefix};
  id.reserve(prefix.size() + characters);
  for (std::size_t i = 0; i < characters; ++i)
    id.push_back(signs[source.next() % signs.size()]);
  return id;
}

std::uint64_t random_u64() {
  std::uint64_t bits = 0;
  for (int i = 0; i < 8; ++i)
    bits = bits << 8 | source.next();
  return bits;
}

} // namespace greenroom
