#include "tests/support/guest.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "core/protocol/codec.hpp"
#include "tests/support/quiet_node.hpp"
#include "tests/support/server_frames.hpp"

namespace greenroom::test {

using protocol::encoding;

// -- heard --------------------------------------------------------------------

heard::heard(encoding in, const std::string& payload) {
  auto text =
      in == encoding::json
          ? payload
          : protocol::transcode(protocol::value{in, payload}, encoding::json);
  auto parsed = boost::json::parse(text);
  for (const auto& [name, what] : parsed.as_object()) {
    const auto* said = what.if_string();
    fields_.emplace_back(std::string{name.data(), name.size()},
                         said != nullptr
                             ? std::string{said->data(), said->size()}
                             : boost::json::serialize(what));
  }
}

std::string heard::operator[](std::string_view field) const {
  auto found = std::find_if(fields_.begin(), fields_.end(),
                            [&](auto& one) { return one.first == field; });
  return found == fields_.end() ? std::string{} : found->second;
}

// -- sight --------------------------------------------------------------------

std::string sight::types() const {
  return each("type");
}

std::size_t sight::count(std::string_view type) const {
  return all(type).size();
}

sight sight::all(std::string_view type) const {
  sight some;
  for (const auto& one : *this)
    if (one.type() == type)
      some.push_back(one);
  return some;
}

const heard& sight::only(std::string_view type) const {
  INFO("of: " << types());
  REQUIRE(count(type) == 1);
  return *std::find_if(begin(), end(),
                       [&](auto& one) { return one.type() == type; });
}

std::string sight::each(std::string_view field) const {
  std::string line;
  for (const auto& one : *this)
    line += one[field] + ' ';
  if (!line.empty())
    line.pop_back();
  return line;
}

// -- guest --------------------------------------------------------------------

guest::guest(quiet_node& node, std::shared_ptr<fake_wire> wire,
             actors::client_hello hello)
  : node_(&node),
    wire_(std::move(wire)),
    encoding_(hello.encoding),
    window_bits_(hello.deflate.server_bits) {}

guest& guest::says(std::string_view json) {
  queues(json);
  node_->run();
  return *this;
}

guest& guest::queues(std::string_view json) {
  std::string bytes{json};
  if (encoding_ == encoding::msgpack)
    bytes = protocol::transcode(protocol::value{encoding::json, bytes},
                                encoding::msgpack);
  wire_->sends(std::move(bytes), encoding_ == encoding::json);
  return *this;
}

guest& guest::sends(std::string bytes, bool is_text) {
  wire_->sends(std::move(bytes), is_text);
  node_->run();
  return *this;
}

guest& guest::joins(std::string_view room) {
  return says(R"({"type":"join_room","roomId":")" + std::string{room} + "\"}");
}

void guest::look() {
  for (const auto& frame : take_frames(wire_->got, window_bits_)) {
    deflated_ += frame.deflated;
    CHECK((frame.kind == ws::opcode::text) == (encoding_ == encoding::json));
    all_.emplace_back(encoding_, frame.payload);
  }
}

sight guest::sees() {
  look();
  sight since;
  since.assign(all_.begin() + static_cast<std::ptrdiff_t>(seen_), all_.end());
  seen_ = all_.size();
  return since;
}

std::string guest::sees_raw() {
  std::string line;
  for (const auto& frame : take_frames(wire_->got, window_bits_)) {
    deflated_ += frame.deflated;
    line += (line.empty() ? "" : " ")
            + std::string{frame.kind == ws::opcode::text ? "t:" : "b:"}
            + frame.payload;
  }
  return line;
}

std::string guest::connection_id() {
  look();
  for (const auto& one : all_)
    if (one.type() == "auth_success")
      return one["connectionId"];
  return {};
}

} // namespace greenroom::test
