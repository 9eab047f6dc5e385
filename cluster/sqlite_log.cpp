#include "cluster/sqlite_log.hpp"

#include <algorithm>
#include <utility>

#include <sqlite3.h>

#include "cluster/stored_key.hpp"
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
  keys_ = tables.totals_of_keys(row_.number);
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

// -- shared keys --------------------------------------------------------------

void sqlite_log::set(log_tables& tables, setting& what) {
  using enum key_answer::verdict;
  const auto& name = what.is.name;
  auto before = tables.find_key(row_.number, name);
  bool is_there = before && (before->ends == 0 || before->ends > what.now);
  what.said = {accepted, keys_.newest};
  if (what.expected && *what.expected != (is_there ? before->number : 0)) {
    what.said.is = conflict;
    return;
  }
  if (what.is.now.empty()) {
    if (!is_there)
      return;
    tables.erase_key(row_.number, name);
    --keys_.keys;
    keys_.bytes -= before->bytes;
  } else if (make_place(tables, what)) {
    auto bytes = bytes_of(what.is);
    tables.put_key(row_.number, {name, keys_.newest + 1, what.is.until, bytes,
                                 encode_stored(what.is)});
    ++keys_.keys;
    keys_.bytes += bytes;
  } else {
    what.said.is = too_large;
    return;
  }
  what.is_change = true;
  what.is.number = what.said.number = ++keys_.newest;
  last_ = what.now;
  changed_ = true;
}

/// What the key had before no longer counts, where this gives true. What is
/// overdue makes place.
bool sqlite_log::make_place(log_tables& tables, const setting& what) {
  const auto& bounds = kept_.bounds();
  auto bytes = bytes_of(what.is);
  for (bool again = false;; again = true) {
    auto before = tables.find_key(row_.number, what.is.name);
    auto freed = before ? before->bytes : 0;
    bool is_too_much =
        (!before && keys_.keys + 1 > bounds.state_keys)
        || (bytes > freed && keys_.bytes - freed + bytes > bounds.state_bytes);
    if (!is_too_much) {
      keys_.keys -= before ? 1 : 0;
      keys_.bytes -= freed;
      return true;
    }
    if (again)
      return false;
    tables.erase_keys_ended(row_.number, what.now);
    auto newest = keys_.newest;
    keys_ = tables.totals_of_keys(row_.number);
    keys_.newest = newest;
  }
}

sqlite_log::keys sqlite_log::read_keys(log_tables& tables,
                                       std::int64_t now) const {
  keys all;
  tables.each_key(row_.number, [&](const key_row& row) {
    if (row.ends != 0 && row.ends <= now)
      return;
    stored_key key;
    key.name = row.name;
    key.until = row.ends;
    key.number = row.number;
    if (decode_stored(row.what, key))
      all.found.push_back(std::move(key));
    else
      ++all.unreadable;
  });
  return all;
}

// -- what goes ----------------------------------------------------------------

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
  if (row_.top == 0 && !has_keys())
    return last_ + fresh_for_ms;
  auto kept_for = kept_.bounds().dedupe_window;
  if (has_keys())
    kept_for = std::max<milliseconds>(kept_for, kept_unasked);
  if (kept_.size() > 0) {
    if (kept_.bounds().age.count() == 0)
      return std::nullopt;
    kept_for = std::max(kept_for, kept_.bounds().age);
  }
  return last_ + kept_for.count();
}

} // namespace greenroom::cluster
