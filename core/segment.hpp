#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "core/loop_counters.hpp"

namespace greenroom {

class segment_ptr;

/// A run of encoded bytes that all loops share. One writer appends (the room,
/// or whoever made it); readers look only at what they were told is written,
/// and that never changes. Reference-counted, the bytes behind the header in
/// one allocation.
class segment {
public:
  [[nodiscard]] static inline segment_ptr make(std::uint32_t capacity);

  segment(const segment&) = delete;
  segment& operator=(const segment&) = delete;

  [[nodiscard]] const char* data() const { return bytes(); }
  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t room() const { return capacity_ - size_; }
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }

  /// Appends, writer only; the caller has seen that there is `room()`.
  void append(std::string_view more) {
    std::memcpy(bytes() + size_, more.data(), more.size());
    size_ += static_cast<std::uint32_t>(more.size());
  }

  /// Starts over, if nobody but the writer holds the segment any more. Keeps
  /// the steady state free of allocations.
  bool rewind_if_unshared() {
    if (refs_.load(std::memory_order_acquire) != 1)
      return false;
    size_ = 0;
    return true;
  }

private:
  friend class segment_ptr;

  explicit segment(std::uint32_t capacity) : capacity_(capacity) {}

  [[nodiscard]] char* bytes() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] const char* bytes() const {
    return reinterpret_cast<const char*>(this + 1);
  }

  std::atomic<std::uint32_t> refs_{0};
  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
};

/// Owns a share of a segment.
class segment_ptr {
public:
  segment_ptr() = default;
  explicit segment_ptr(segment* raw) : raw_(raw) { add(); }
  segment_ptr(const segment_ptr& other) : raw_(other.raw_) { add(); }
  segment_ptr(segment_ptr&& other) noexcept
    : raw_(std::exchange(other.raw_, nullptr)) {}
  segment_ptr& operator=(segment_ptr other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~segment_ptr() { drop(); }

  segment* operator->() const { return raw_; }
  segment* get() const { return raw_; }
  explicit operator bool() const { return raw_ != nullptr; }
  bool operator==(const segment_ptr& other) const = default;

private:
  void add() {
    if (raw_ != nullptr)
      raw_->refs_.fetch_add(1, std::memory_order_relaxed);
  }
  void drop() {
    if (raw_ != nullptr
        && raw_->refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      counted()
          .of(memory_kind::frames)
          .subtract(sizeof(segment) + raw_->capacity_);
      raw_->~segment();
      std::free(raw_);
    }
  }

  segment* raw_ = nullptr;
};

inline segment_ptr segment::make(std::uint32_t capacity) {
  void* place = std::malloc(sizeof(segment) + capacity);
  if (place == nullptr)
    throw std::bad_alloc{};
  counted().of(memory_kind::frames).add(sizeof(segment) + capacity);
  return segment_ptr{new (place) segment(capacity)};
}

/// Some bytes of a segment: what is passed around instead of copies.
struct slice {
  segment_ptr in;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] std::uint32_t size() const { return end - begin; }
  [[nodiscard]] std::string_view view() const {
    return {in->data() + begin, size()};
  }
};

} // namespace greenroom
