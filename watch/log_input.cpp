#include "watch/log_input.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace greenroom::watch {

namespace {

constexpr std::size_t piece_bytes = 256 * 1024;

std::string reason() {
  return std::string{"cannot be read: "} + std::strerror(errno);
}

} // namespace

log_input::log_input(std::string path, bool follows)
  : path_(std::move(path)),
    is_standard_(path_ == "-"),
    follows_(follows && !is_standard_),
    buffer_(piece_bytes, '\0') {
  if (!is_standard_ && !open())
    fail();
}

bool log_input::open() {
  unique_fd found{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!found)
    return false;
  file_ = std::move(found);
  offset_ = 0;
  begun_.clear();
  is_too_long_ = false;
  return true;
}

void log_input::fail() {
  error_ = reason();
  error_.insert(0, is_standard_ ? "standard input " : path_ + ' ');
}

log_input::state log_input::read(log_model& to) {
  // Asked before: what its writer said last is there by now.
  bool is_last = follows_ && is_another_now();
  auto size = ::read(descriptor(), buffer_.data(), buffer_.size());
  if (size < 0 && (errno == EINTR || errno == EAGAIN))
    return state::waiting;
  if (size < 0) {
    fail();
    return state::failed;
  }
  if (size == 0)
    return follows_ ? at_pause(is_last) : at_end(to);
  offset_ += size;
  take({buffer_.data(), static_cast<std::size_t>(size)}, to);
  return state::more;
}

void log_input::take(std::string_view bytes, log_model& to) {
  while (!bytes.empty()) {
    auto end = bytes.find('\n');
    auto part = bytes.substr(0, end);
    bool is_whole = end != bytes.npos;
    bytes.remove_prefix(is_whole ? end + 1 : bytes.size());
    is_too_long_ = is_too_long_ || begun_.size() + part.size() > line_bytes_max;
    if (is_whole && begun_.empty() && !is_too_long_) {
      to.read(part);
      continue;
    }
    if (!is_too_long_)
      begun_ += part;
    if (!is_whole)
      continue;
    if (is_too_long_)
      to.skip();
    else
      to.read(begun_);
    begun_.clear();
    is_too_long_ = false;
  }
}

log_input::state log_input::at_end(log_model& to) {
  if (!begun_.empty() || is_too_long_)
    take("\n", to);
  return state::ended;
}

log_input::state log_input::at_pause(bool is_last) {
  trouble_.clear();
  if (!is_last)
    return state::waiting;
  if (open())
    return state::more;
  if (errno != ENOENT) // Or its successor is not there yet.
    trouble_ = reason();
  return state::waiting;
}

/// Renamed and made anew, or emptied: as logs are rotated.
bool log_input::is_another_now() const {
  struct stat named {};
  struct stat opened {};
  if (::stat(path_.c_str(), &named) != 0 || ::fstat(file_.get(), &opened) != 0)
    return false;
  return named.st_ino != opened.st_ino || named.st_dev != opened.st_dev
         || opened.st_size < offset_;
}

double log_input::share_read() const {
  struct stat of {};
  if (is_standard_ || ::fstat(file_.get(), &of) != 0 || of.st_size <= 0)
    return 1;
  return static_cast<double>(offset_) / static_cast<double>(of.st_size);
}

} // namespace greenroom::watch
