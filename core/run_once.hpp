#pragma once

#include <cstddef>
#include <vector>

namespace greenroom {

class run_once_queue;

/// Something that has work to do at a later point of the loop's turn, at most
/// once however often it was asked for. Leaves its queue when destroyed.
class run_once {
public:
  run_once() = default;
  run_once(const run_once&) = delete;
  run_once& operator=(const run_once&) = delete;
  virtual ~run_once() { leave_queue(); }

  virtual void run() = 0;

  [[nodiscard]] bool queued() const { return in_ != nullptr; }

protected:
  inline void leave_queue();

private:
  friend class run_once_queue;

  run_once_queue* in_ = nullptr;
  std::size_t slot_ = 0;
};

/// What is to run at one point of a turn, in the order of asking. One thread.
class run_once_queue {
public:
  ~run_once_queue() {
    for (auto* entry : entries_)
      if (entry != nullptr)
        entry->in_ = nullptr;
  }

  void add(run_once& entry) {
    if (entry.in_ != nullptr)
      return;
    entry.in_ = this;
    entry.slot_ = entries_.size();
    entries_.push_back(&entry);
  }

  [[nodiscard]] bool empty() const { return entries_.empty(); }

  /// Runs all, those added meanwhile included.
  void run_all() {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (auto* entry = entries_[i]) {
        entry->in_ = nullptr;
        entries_[i] = nullptr;
        // Entries are many and lie apart, and what runs between two of them may
        // be a system call: have the next one's fields fetched meanwhile.
        if (i + 1 < entries_.size())
          for (int line = 0; line < 4; ++line)
            __builtin_prefetch(reinterpret_cast<const char*>(entries_[i + 1])
                               + 64 * line);
        entry->run();
      }
    entries_.clear();
  }

private:
  friend class run_once;

  std::vector<run_once*> entries_;
};

inline void run_once::leave_queue() {
  if (in_ != nullptr) {
    in_->entries_[slot_] = nullptr;
    in_ = nullptr;
  }
}

} // namespace greenroom
