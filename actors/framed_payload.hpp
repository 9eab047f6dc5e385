#pragma once

#include <string_view>

#include "actors/interfaces.hpp"
#include "core/deflater.hpp"
#include "core/settings.hpp"
#include "core/ws_frame.hpp"

namespace greenroom::actors {

/// One payload as the frames that carry it: plain, and compressed for each
/// window that is asked for, once while those that need the same come in a row.
class framed_payload {
public:
  struct parts {
    std::string_view header;
    std::string_view payload;
  };

  /// `payload` outlives it.
  framed_payload(ws::opcode kind, std::string_view payload)
    : kind_(kind),
      payload_(payload),
      header_bytes_(ws::write_header(header_, kind, payload.size())) {}

  [[nodiscard]] parts plain() const {
    return {{header_, header_bytes_}, payload_};
  }

  /// For who reads compressed frames of that window. Still the plain one where
  /// the message is small, or too large, or would not get smaller. Valid until
  /// the next call, here or of `by`.
  [[nodiscard]] parts deflated(window_bits agreed, ws::deflater& by,
                               const settings::deflate_settings& config);

private:
  ws::opcode kind_;
  std::string_view payload_;
  char header_[ws::header_bytes_max];
  std::size_t header_bytes_;

  window_bits deflated_for_ = 0;
  std::string_view deflated_; ///< Empty: not worth it.
  std::size_t deflated_header_bytes_ = 0;
  char deflated_header_[ws::header_bytes_max];
};

} // namespace greenroom::actors
