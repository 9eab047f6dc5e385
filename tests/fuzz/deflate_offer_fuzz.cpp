#include "net/deflate_offer.hpp"
#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace greenroom;
  for (bool client_context : {false, true}) {
    settings::deflate_settings config;
    config.enabled = true;
    config.client_context = client_context;
    config.server_window_bits = 13;
    config.client_window_bits = 12;
    auto got = net::choose_deflate(fuzz::view(data, size), config);
    if (!got)
      continue;
    const auto& terms = got->terms;
    fuzz::must(terms.server_bits >= 8 && terms.server_bits <= 13,
               "the node's window is as allowed");
    fuzz::must(terms.client_context_bits == 0
                   || (client_context && terms.client_context_bits >= 8
                       && terms.client_context_bits <= 12),
               "a client's context is as allowed");
    // An answer is written like an offer.
    auto again = net::choose_deflate(got->answer, config);
    fuzz::must(again && again->terms == terms, "the answer can be read");
  }
  return 0;
}
