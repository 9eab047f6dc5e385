#pragma once

#include <cstddef>

namespace greenroom::net {

/// Has the calling thread's heap grow by up to `bytes` at once, if it has no
/// such room. By itself glibc grows the heap of a thread that is not the first
/// by one page at a time, with a system call and a page fault for each: two
/// for every client that comes. Less than 128 KiB, or it is no room of the
/// heap, and is given back.
void make_heap_room(std::size_t bytes) noexcept;

} // namespace greenroom::net
