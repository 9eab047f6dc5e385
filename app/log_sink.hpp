#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include <unistd.h>

#include "core/log.hpp"
#include "core/settings.hpp"

namespace greenroom::app {

/// `log.level` as `log::install` takes it.
[[nodiscard]] log::level level_of(const settings::log_settings& how);

/// The event log of the node: JSON lines, or text for people, on a descriptor.
///
/// `write` forms the line on the caller's thread and queues it; one thread of
/// the sink writes. Nobody waits for a slow reader: beyond `log.queue` lines
/// the newest are dropped, counted, and told by `log.dropped` once lines flow
/// again. A reader that is gone (closed pipe) harms nobody.
///
/// Install it after construction, install null before destruction. The
/// destructor writes what waits, but no longer than `flush_time_max`.
class log_sink final : public log::sink {
public:
  log_sink(const settings::log_settings& how, std::string node_id,
           int descriptor = STDOUT_FILENO);
  ~log_sink() override;

  log_sink(const log_sink&) = delete;
  log_sink& operator=(const log_sink&) = delete;

  void write(const log::event& what,
             std::initializer_list<log::field> fields) noexcept override;

  static constexpr std::chrono::milliseconds flush_time_max{1'000};

private:
  class backend;
  std::unique_ptr<backend> backend_;
};

} // namespace greenroom::app
