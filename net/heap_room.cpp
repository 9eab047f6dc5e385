#include "net/heap_room.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace greenroom::net {

void make_heap_room(std::size_t bytes) noexcept {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  void* room = std::malloc(bytes);
  if (room == nullptr)
    return;
#ifdef MADV_POPULATE_WRITE
  auto begin =
      (reinterpret_cast<std::uintptr_t>(room) + page - 1) & ~(page - 1);
  auto end = (reinterpret_cast<std::uintptr_t>(room) + bytes) & ~(page - 1);
  if (begin < end) // Where the kernel does not know it, pages come one by one.
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin,
                    MADV_POPULATE_WRITE);
#endif
  std::free(room);
}

} // namespace greenroom::net
