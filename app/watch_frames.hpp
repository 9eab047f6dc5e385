#pragma once

// What a dashboard is sent: each frame is one line of JSON, see
// docs/dashboard.md.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "actors/tree.hpp"
#include "app/log_sink.hpp"
#include "app/node_counts.hpp"
#include "cluster/envelope.hpp"

namespace greenroom::app {

/// Of whom frames tell.
struct frame_source {
  std::string node;
  std::string run; ///< Another one each time that the node is started.
};

/// A frame is no longer than what peers may send to each other.
inline constexpr std::size_t frame_bytes_max = 60 * 1024;
static_assert(frame_bytes_max <= cluster::report_bytes_max);

/// Of a snapshot: members are named in so much of it. Then rooms are shown
/// without.
inline constexpr std::size_t members_bytes_max = 256 * 1024;

[[nodiscard]] std::string hello_frame(const frame_source& of);

/// The snapshot of a tree, in as many parts as it takes. `at` is when its
/// listing began (a `time_stamp`): what happened later, it may not know.
[[nodiscard]] std::vector<std::string>
tree_frames(const frame_source& of, std::string_view at,
            std::vector<actors::tree_entry> actors);

/// What the log was told, numbered; a line that is too long for a frame counts
/// as lost.
[[nodiscard]] std::vector<std::string> event_frames(const frame_source& of,
                                                    tapped_lines what);

[[nodiscard]] std::string figures_frame(const frame_source& of,
                                        const metric_sources& from);

/// Whether it begins as one does that the node sends to its peers: what comes
/// over the bus is shown as that of its sender alone.
[[nodiscard]] bool is_report_of(std::string_view node, std::string_view frame);

/// Nothing is heard of the peer any more.
[[nodiscard]] std::string gone_frame(std::string_view node);

} // namespace greenroom::app
