#include "core/message_watch.hpp"

#include <algorithm>
#include <array>

#include "core/events.hpp"

namespace greenroom {

namespace {

constexpr std::array<std::string_view, stage_count> names{
    "accepted", "sequenced", "bus", "fan_out", "written"};

} // namespace

message_watch message_watch::heard(const message_trace_ptr& trace,
                                   std::string room,
                                   std::chrono::milliseconds age) {
  message_watch it{looked_at{clock::now(), trace, std::move(room), false}};
  auto known = std::max(age, std::chrono::milliseconds{0});
  log::emit(events::message_traced,
            {{"trace", trace->trace_id()},
             {"parent_span", trace->span_id()},
             {"room", it.of_->room},
             {"stage", "heard"},
             {"after_us", 0},
             {"age_ms", static_cast<std::uint64_t>(known.count())}});
  return it;
}

void message_watch::tell(message_stage stage, clock::duration took) const {
  auto after =
      std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  log::emit(events::message_traced,
            {{"trace", of_->trace->trace_id()},
             {"parent_span", of_->trace->span_id()},
             {"room", of_->room},
             {"stage", names[static_cast<std::size_t>(stage)]},
             {"after_us", static_cast<std::uint64_t>(after)}});
}

} // namespace greenroom
