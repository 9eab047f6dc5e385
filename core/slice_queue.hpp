#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "core/segment.hpp"

namespace greenroom {

/// Slices in order, taken from the front. Empty it holds nothing (a std::deque
/// holds half a kilobyte), and taking one is cheap however many there are.
class slice_queue {
public:
  using const_iterator = std::vector<slice>::const_iterator;

  [[nodiscard]] bool empty() const { return first_ == slices_.size(); }
  [[nodiscard]] std::size_t size() const { return slices_.size() - first_; }
  [[nodiscard]] slice& front() { return slices_[first_]; }
  [[nodiscard]] slice& back() { return slices_.back(); }
  [[nodiscard]] const_iterator begin() const {
    return slices_.begin() + static_cast<std::ptrdiff_t>(first_);
  }
  [[nodiscard]] const_iterator end() const { return slices_.end(); }

  void push_back(slice what) { slices_.push_back(std::move(what)); }

  void push_front(slice what) {
    if (first_ > 0)
      slices_[--first_] = std::move(what);
    else
      slices_.insert(slices_.begin(), std::move(what));
  }

  void pop_back() {
    slices_.pop_back();
    settle();
  }

  void pop_front() {
    slices_[first_++] = {};
    settle();
  }

private:
  static constexpr std::size_t kept_slices = 16;

  void settle() {
    if (empty()) {
      slices_.clear();
      first_ = 0;
      if (slices_.capacity() > kept_slices)
        slices_.shrink_to_fit();
    } else if (first_ >= kept_slices && first_ * 2 >= slices_.size()) {
      // Each is moved once for at least one that was taken.
      slices_.erase(slices_.begin(),
                    slices_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  std::vector<slice> slices_;
  std::size_t first_ = 0; ///< What stands before it is taken.
};

} // namespace greenroom
