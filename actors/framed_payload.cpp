#include "actors/framed_payload.hpp"

namespace greenroom::actors {

framed_payload::parts
framed_payload::deflated(window_bits agreed, ws::deflater& by,
                         const settings::deflate_settings& config) {
  if (payload_.size() < config.min_bytes
      || payload_.size() > ws::deflater::message_bytes_max)
    return plain();
  auto window = ws::deflater::window_for(payload_.size(), agreed);
  if (window != deflated_for_) {
    deflated_for_ = window;
    deflated_ = by.deflate(payload_, window);
    deflated_header_bytes_ =
        ws::write_header(deflated_header_, kind_, deflated_.size(), true);
  }
  if (deflated_.empty())
    return plain();
  return {{deflated_header_, deflated_header_bytes_}, deflated_};
}

} // namespace greenroom::actors
