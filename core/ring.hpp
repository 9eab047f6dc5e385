#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace greenroom {

/// A queue in one piece of memory that grows by doubling. Unlike `std::deque`
/// it takes none while it is empty, and there is one for each room.
template <class T>
class ring {
public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] T& front() { return cells_[first_]; }
  [[nodiscard]] T& back() { return (*this)[size_ - 1]; }

  /// The n-th behind the front.
  [[nodiscard]] T& operator[](std::size_t n) { return cells_[place_of(n)]; }
  [[nodiscard]] const T& operator[](std::size_t n) const {
    return cells_[place_of(n)];
  }

  T& push_back(T what) {
    if (size_ == cells_.size())
      grow();
    auto& cell = (*this)[size_++];
    cell = std::move(what);
    return cell;
  }

  void pop_front() {
    cells_[first_] = T{};
    first_ = place_of(1);
    if (--size_ == 0 && cells_.size() > kept_cells)
      clear();
  }

  void clear() {
    cells_ = {};
    first_ = 0;
    size_ = 0;
  }

private:
  /// What an empty one may hold on to, so that a short queue does not allocate
  /// again and again.
  static constexpr std::size_t kept_cells = 16;

  [[nodiscard]] std::size_t place_of(std::size_t n) const {
    return (first_ + n) & (cells_.size() - 1);
  }

  void grow() {
    std::vector<T> more(std::max<std::size_t>(cells_.size() * 2, 4));
    for (std::size_t i = 0; i < size_; ++i)
      more[i] = std::move((*this)[i]);
    cells_ = std::move(more);
    first_ = 0;
  }

  std::vector<T> cells_; ///< Their number is a power of two, or none.
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

} // namespace greenroom
