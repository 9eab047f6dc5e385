#include "watch/log_model.hpp"

#include "tests/fuzz/fuzz.hpp"
#include "watch/picture_json.hpp"
#include "watch/printable.hpp"
#include "watch/tree_rows.hpp"

namespace {

using namespace greenroom;
using namespace greenroom::watch;

/// So few that an input reaches them.
constexpr std::size_t actors_max = 4;

void must_be_bounded(const life& its) {
  fuzz::must(its.exited.size() <= bounds::exited, "the dead are bounded");
  fuzz::must(its.crashes.size() <= bounds::crashes, "crashes are bounded");
  fuzz::must(its.busiest.size() <= bounds::busiest, "rooms are bounded");
  for (const auto& [id, who] : its.actors()) {
    fuzz::must(id == who.id && id != 0, "an actor has its id");
    fuzz::must(who.state != actor_state::exited, "who lives has not ended");
  }
}

void must_be_bounded(const log_picture& all) {
  fuzz::must(all.nodes.size() <= log_picture::nodes_max, "nodes are bounded");
  std::size_t actors = 0;
  for (const auto& [name, its] : all.nodes) {
    must_be_bounded(its);
    actors += its.actors().size();
  }
  fuzz::must(actors <= actors_max, "actors are bounded");
}

void must_harm_no_terminal(std::string_view text) {
  for (auto x : printable(text))
    fuzz::must(static_cast<unsigned char>(x) >= 0x20 && x != 0x7f,
               "what is shown has no control characters");
  fuzz::must(printable(printable(text)) == printable(text),
             "what can be shown is shown as it is");
  for (std::size_t columns : {0u, 1u, 7u})
    fuzz::must(columns_of(printable(text, columns)) <= columns,
               "what is cut has room");
}

} // namespace

/// A log, line by line.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::view(data, size);
  log_model model{{}, actors_max};
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    model.read(line);
    must_harm_no_terminal(line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  must_be_bounded(model.seen());
  auto text = tree_text(model.seen());
  fuzz::must(text.find('\x1b') == text.npos, "a tree has no escapes");
  event_reader again;
  auto json = picture_json(model.seen());
  fuzz::must(printable(json) == json, "what is known harms no terminal");
  auto wrapped =
      R"({"v":1,"ts":"2026-11-22T13:56:09.858Z","seq":1,"event":"e",)"
      R"("node":"n","all":)"
      + json + '}';
  fuzz::must(again.read(wrapped) != nullptr, "what is known is valid JSON");
  return 0;
}
