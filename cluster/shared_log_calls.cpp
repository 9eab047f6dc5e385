#include "cluster/shared_log_calls.hpp"

#include <utility>

namespace greenroom::cluster {

namespace {

void tell(shared_line& line, log_news::opened& what) {
  line.is_open = !what.refused;
  if (what.refused)
    line.to->log_opened(store_error::unavailable);
  else
    line.to->log_opened({});
}

void tell(shared_line& line, appended& what) {
  line.to->log_appended(what);
}

void tell(shared_line& line, log_news::heard& news) {
  line.to->log_heard(std::move(news.what));
}

void tell(shared_line& line, log_news::keys_heard& news) {
  line.to->state_heard(std::move(news.what), news.whole);
}

void tell(shared_line& line, key_answer& what) {
  line.to->state_answered(what);
}

void tell(shared_line& line, log_news::skipped& what) {
  line.to->log_skipped(what.first, what.last);
}

void tell(shared_line& line, log_turn& what) {
  line.to->log_turned(what);
}

void tell(shared_line& line, log_news::linked& what) {
  line.to->log_linked(what.up);
}

void tell(shared_line&, log_news::found& news) {
  news.answer(std::move(news.what));
}

void tell(shared_line&, log_news::forgotten& news) {
  news.answer(news.how);
}

void tell(shared_line&, log_news::trimmed&) {}

} // namespace

void tell(log_news& news) {
  auto& line = *news.line;
  if (line.to == nullptr)
    return;
  line.state = std::move(news.state);
  std::visit([&](auto& what) { tell(line, what); }, news.what);
}

std::string expected_text(const std::optional<std::uint64_t>& number,
                          const std::string& epoch) {
  return number ? std::to_string(*number) + ' ' + epoch : std::string{};
}

} // namespace greenroom::cluster
