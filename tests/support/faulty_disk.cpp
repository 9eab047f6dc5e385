#include "tests/support/faulty_disk.hpp"

#include <new>
#include <utility>

#include <sqlite3.h>

namespace greenroom::test {

namespace {

faulty_disk* disk = nullptr;

/// As SQLite allocates it: the real file lies right behind.
struct faulty_file {
  sqlite3_file base;
  std::string* path; ///< Null: a nameless temporary one.

  [[nodiscard]] sqlite3_file* real() {
    return reinterpret_cast<sqlite3_file*>(this + 1);
  }
};

faulty_file& of(sqlite3_file* file) {
  return *reinterpret_cast<faulty_file*>(file);
}

sqlite3_vfs* usual() {
  return sqlite3_vfs_find(nullptr);
}

int file_close(sqlite3_file* file) {
  auto* real = of(file).real();
  auto result = real->pMethods != nullptr ? real->pMethods->xClose(real) : 0;
  delete std::exchange(of(file).path, nullptr);
  return result;
}

int file_read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  if (auto code = disk->reading.load()) {
    if (disk->failing_reads < 0)
      return code;
    if (disk->failing_reads > 0) {
      --disk->failing_reads;
      return code;
    }
  }
  auto* real = of(file).real();
  return real->pMethods->xRead(real, to, size, at);
}

int file_write(sqlite3_file* file, const void* from, int size,
               sqlite3_int64 at) {
  if (auto code = disk->writing.load())
    return code;
  auto* real = of(file).real();
  return real->pMethods->xWrite(real, from, size, at);
}

int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
  auto* real = of(file).real();
  return real->pMethods->xTruncate(real, size);
}

int file_sync(sqlite3_file* file, int flags) {
  disk->pass();
  if (auto code = disk->syncing.load())
    return code;
  auto* real = of(file).real();
  auto result = real->pMethods->xSync(real, flags);
  sqlite3_int64 size = 0;
  if (of(file).path == nullptr
      || real->pMethods->xFileSize(real, &size) != SQLITE_OK)
    return result;
  std::string content(static_cast<std::size_t>(size), '\0');
  if (real->pMethods->xRead(real, content.data(), static_cast<int>(size), 0)
      == SQLITE_OK)
    disk->synced(*of(file).path, std::move(content));
  return result;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  auto* real = of(file).real();
  return real->pMethods->xFileSize(real, size);
}

int file_lock(sqlite3_file* file, int level) {
  auto* real = of(file).real();
  return real->pMethods->xLock(real, level);
}

int file_unlock(sqlite3_file* file, int level) {
  auto* real = of(file).real();
  return real->pMethods->xUnlock(real, level);
}

int file_check_reserved(sqlite3_file* file, int* result) {
  auto* real = of(file).real();
  return real->pMethods->xCheckReservedLock(real, result);
}

int file_control(sqlite3_file* file, int what, void* argument) {
  auto* real = of(file).real();
  return real->pMethods->xFileControl(real, what, argument);
}

int file_sector_size(sqlite3_file* file) {
  auto* real = of(file).real();
  return real->pMethods->xSectorSize(real);
}

int file_characteristics(sqlite3_file* file) {
  auto* real = of(file).real();
  return real->pMethods->xDeviceCharacteristics(real);
}

// Version 1: no shared memory, which an exclusively held WAL does without, and
// no memory mapping.
const sqlite3_io_methods methods{1,
                                 file_close,
                                 file_read,
                                 file_write,
                                 file_truncate,
                                 file_sync,
                                 file_size,
                                 file_lock,
                                 file_unlock,
                                 file_check_reserved,
                                 file_control,
                                 file_sector_size,
                                 file_characteristics,
                                 nullptr,
                                 nullptr,
                                 nullptr,
                                 nullptr,
                                 nullptr,
                                 nullptr};

int vfs_open(sqlite3_vfs*, sqlite3_filename path, sqlite3_file* file, int flags,
             int* out) {
  auto& ours = of(file);
  ours.path = path != nullptr ? new std::string{path} : nullptr;
  ours.real()->pMethods = nullptr;
  auto result = usual()->xOpen(usual(), path, ours.real(), flags, out);
  // SQLite closes also what it could not open, as far as it has methods.
  ours.base.pMethods = &methods;
  return result;
}

int vfs_delete(sqlite3_vfs*, const char* path, int sync) {
  disk->removed(path);
  return usual()->xDelete(usual(), path, sync);
}

sqlite3_vfs vfs{};

} // namespace

faulty_disk::faulty_disk() {
  disk = this;
  vfs = *usual();
  vfs.iVersion = 1;
  vfs.pNext = nullptr;
  vfs.zName = name;
  vfs.szOsFile += static_cast<int>(sizeof(faulty_file));
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  sqlite3_vfs_register(&vfs, 0);
}

faulty_disk::~faulty_disk() {
  sqlite3_vfs_unregister(&vfs);
  disk = nullptr;
}

void faulty_disk::hold() {
  std::lock_guard lock{mutex_};
  held_ = true;
}

void faulty_disk::release() {
  std::lock_guard lock{mutex_};
  held_ = false;
  released_.notify_all();
}

bool faulty_disk::is_holding() {
  std::lock_guard lock{mutex_};
  return waiting_ > 0;
}

void faulty_disk::pass() {
  std::unique_lock lock{mutex_};
  ++waiting_;
  released_.wait(lock, [this] { return !held_; });
  --waiting_;
}

const std::string* faulty_disk::after_power_cut(const std::string& path) {
  std::lock_guard lock{mutex_};
  auto found = durable_.find(path);
  return found == durable_.end() ? nullptr : &found->second;
}

void faulty_disk::synced(const std::string& path, std::string content) {
  std::lock_guard lock{mutex_};
  durable_[path] = std::move(content);
}

void faulty_disk::removed(const std::string& path) {
  std::lock_guard lock{mutex_};
  durable_.erase(path);
}

} // namespace greenroom::test
