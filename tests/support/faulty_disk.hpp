#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

namespace greenroom::test {

/// A disk as SQLite sees it (a VFS), that does what the test wants. One at a
/// time; no file of it may be open when it goes.
class faulty_disk {
public:
  faulty_disk();
  ~faulty_disk();
  faulty_disk(const faulty_disk&) = delete;
  faulty_disk& operator=(const faulty_disk&) = delete;

  /// What to call it when a file is opened.
  static constexpr const char* name = "greenroom-faulty";

  /// SQLite result codes that calls give in place of doing anything; 0: none.
  std::atomic<int> writing{0};
  std::atomic<int> syncing{0};
  std::atomic<int> reading{0};
  /// So many reads fail, then they work again; -1: all, until told otherwise.
  std::atomic<int> failing_reads{-1};

  /// From now on, who syncs waits …
  void hold();
  /// … until now.
  void release();
  /// Whether somebody waits.
  [[nodiscard]] bool is_holding();

  /// What of a file a power cut would leave: what it was when it was synced
  /// last. Null: nothing.
  [[nodiscard]] const std::string* after_power_cut(const std::string& path);

  // -- for the VFS
  void pass();
  void synced(const std::string& path, std::string content);
  void removed(const std::string& path);

private:
  std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;
  int waiting_ = 0;
  std::map<std::string, std::string> durable_;
};

} // namespace greenroom::test
