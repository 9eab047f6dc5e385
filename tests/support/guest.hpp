#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/fake_wire.hpp"

namespace greenroom::test {

class quiet_node;

/// One message of the protocol as a client reads it.
class heard {
public:
  /// From a frame's payload, in either dialect.
  heard(protocol::encoding in, const std::string& payload);

  /// A field as text: a string without its quotes, anything else as JSON;
  /// empty where it is absent.
  std::string operator[](std::string_view field) const;

  [[nodiscard]] std::string type() const { return (*this)["type"]; }

private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// What a client was sent since it looked last.
class sight : public std::vector<heard> {
public:
  /// The types in their order, with a blank between: `joined message`.
  [[nodiscard]] std::string types() const;

  [[nodiscard]] std::size_t count(std::string_view type) const;

  /// All of one type. The only one must be the only one.
  [[nodiscard]] sight all(std::string_view type) const;
  [[nodiscard]] const heard& only(std::string_view type) const;

  /// One field of all, in their order, with a blank between.
  [[nodiscard]] std::string each(std::string_view field) const;
};

/// A client of the node under test.
class guest {
public:
  guest(quiet_node& node, std::shared_ptr<fake_wire> wire,
        actors::client_hello hello);

  /// Says one request (JSON; told in the client's own dialect), and lets the
  /// node deal with it.
  guest& says(std::string_view json);

  /// Says it without giving the node its turn.
  guest& queues(std::string_view json);

  /// A raw frame, and a turn.
  guest& sends(std::string bytes, bool is_text = true);

  guest& joins(std::string_view room);

  /// What came since it was asked last.
  sight sees();

  /// The same of `/relay`: the payloads, with a blank between.
  std::string sees_raw();

  /// How many of all the frames that it has looked at were compressed.
  [[nodiscard]] std::size_t deflated() const { return deflated_; }

  [[nodiscard]] std::string connection_id();

  fake_wire* operator->() { return wire_.get(); }
  [[nodiscard]] const std::shared_ptr<fake_wire>& wire() const { return wire_; }

private:
  void look();

  quiet_node* node_;
  std::shared_ptr<fake_wire> wire_;
  protocol::encoding encoding_;
  int window_bits_;
  std::size_t deflated_ = 0;
  std::vector<heard> all_;
  std::size_t seen_ = 0;
};

} // namespace greenroom::test
