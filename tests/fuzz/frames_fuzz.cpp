#include "core/frame_reader.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace greenroom;

class ear final : public ws::frame_reader::sink {
public:
  void on_message(std::string_view bytes, bool is_text) override {
    (heard += is_text ? 't' : 'b').append(bytes) += '\n';
  }
  void on_ping(std::string_view payload) override {
    (heard += 'p').append(payload) += '\n';
  }
  void on_close(std::uint16_t code, std::string_view why) override {
    (heard += "c" + std::to_string(code)).append(why) += '\n';
  }
  void on_violation(protocol::close_code code, std::string_view) override {
    heard += "v" + std::to_string(static_cast<int>(code)) + '\n';
  }
  [[nodiscard]] bool wants_more() const override { return true; }

  std::string heard;
};

std::string heard_of(std::string bytes, std::size_t piece) {
  ws::frame_reader reader{4'096};
  ear to;
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    reader.read(bytes.data() + at, std::min(piece, bytes.size() - at), to);
  return to.heard;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = std::string{fuzz::view(data, size)};
  auto whole = heard_of(bytes, bytes.size() + 1);
  for (std::size_t piece : {1u, 3u, 14u})
    fuzz::must(heard_of(bytes, piece) == whole,
               "what is heard does not depend on the pieces");
  return 0;
}
