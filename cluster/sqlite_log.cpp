#include "cluster/sqlite_log.hpp"

#include <algorithm>
#include <utility>

#include <sqlite3.h>

#include "cluster/stored_message.hpp"
#include "core/random_id.hpp"

namespace greenroom::cluster {

namespace {

/// How many rows one log deletes in one transaction, beyond as many as it
/// wrote.
constexpr std::uint64_t erased_max = 256;

/// A log in which nothing was said: closing it deletes it, so this is for a
/// node that was killed.
constexpr std::int64_t fresh_for_ms = std::int64_t{24} * 3'600 * 1'000;

} // namespace

sqlite_log::sqlite_log(log_tables& tables, const room_key& room,
                       const log_bounds& bounds, std::int64_t now)
  : kept_(bounds),
    seen_(bounds.dedupe_messages, bounds.dedupe_window.count()),
    last_(now) {
  if (auto found = tables.find(room)) {
    row_ = std::move(*found);
    load(tables, now);
  } else {
    row_ = tables.make(room, random_id("", 12), now + fresh_for_ms);
  }
}

void sqlite_log::load(log_tables& tables, std::int64_t now) {
  auto next = row_.first;
  std::int64_t newest = 0;
  tables.each_size(row_, [&](const stored_row& each) {
    if (each.offset != next++)
      throw sqlite_failure{SQLITE_CORRUPT, "a message of a log is missing"};
    newest = each.stored;
    if (kept_.keeps())
      kept_.push({each.stored, each.bytes}, now);
  });
  if (next != row_.top + 1)
    throw sqlite_failure{SQLITE_CORRUPT, "the end of a log is missing"};
  tables.each_id(
      row_, [&](std::uint64_t offset, std::int64_t at, std::string_view key) {
        newest = std::max(newest, at);
        seen_.remember(std::string{key}, offset, at);
      });
  if (newest != 0)
    last_ = newest;
  trim(now);
  has_rest_ = tables.has_below(row_);
}

appended sqlite_log::append(new_message what) {
  using enum appended::verdict;
  if (auto before = seen_.find(what.key, what.now))
    return {duplicate, *before};
  if (what.expected && *what.expected != row_.top)
    return {conflict, row_.top};
  last_ = what.now;
  auto offset = ++row_.top;
  if (kept_.keeps())
    kept_.push({what.now, what.bytes}, what.now);
  seen_.remember(what.key, offset, what.now);
  settle();
  changed_ = true;
  to_write_.push_back({offset, std::move(what)});
  return {accepted, offset};
}

void sqlite_log::trim(std::int64_t now) {
  kept_.trim(now);
  settle();
}

/// What the row says follows from what is kept.
void sqlite_log::settle() {
  auto first = row_.top + 1 - kept_.size();
  auto ids_from = seen_.empty() ? row_.top + 1 : seen_.oldest();
  changed_ |= first != row_.first || ids_from != row_.ids_from;
  row_.first = first;
  row_.ids_from = ids_from;
}

void sqlite_log::write(log_tables& tables) {
  // Found by `append` only now: forgetting old ids is one of its steps.
  settle();
  // What came and went since the last commit is not written at all.
  for (const auto& each : to_write_) {
    const auto& what = each.what;
    if (each.offset >= row_.first) {
      auto bytes = encode_stored(std::get<posted>(*what.what));
      tables.add_message(row_.number,
                         {each.offset, what.now, what.bytes, what.key, bytes});
    }
    if (each.offset >= row_.ids_from && !what.key.empty())
      tables.add_id(row_.number, each.offset, what.now, what.key);
  }
  tables.update(row_, expires());
  has_rest_ = !tables.erase_below(row_, to_write_.size() + erased_max);
  to_write_.clear();
  changed_ = false;
}

void sqlite_log::erase(log_tables& tables) {
  has_rest_ = !tables.erase_below(row_, erased_max);
}

std::optional<std::int64_t> sqlite_log::expires() const {
  if (row_.top == 0)
    return last_ + fresh_for_ms;
  auto kept_for = kept_.bounds().dedupe_window;
  if (kept_.size() > 0) {
    if (kept_.bounds().age.count() == 0)
      return std::nullopt;
    kept_for = std::max(kept_for, kept_.bounds().age);
  }
  return last_ + kept_for.count();
}

} // namespace greenroom::cluster
