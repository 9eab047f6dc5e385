#pragma once

// How this node reads MessagePack with msgpack-c: what msgpack.cpp and
// transcode_msgpack.cpp share. No document is ever built: the parser calls a
// visitor, and a declared size costs nothing before its bytes are there.

#include <cstdint>
#include <string_view>

#include <msgpack/null_visitor.hpp>
#include <msgpack/unpack.hpp> // parse.hpp alone does not compile.

#include "core/utf8.hpp"

namespace greenroom::protocol {

/// Refuses text that is not UTF-8 and values that nest too deep. Visitors
/// derive from it; msgpack-c calls no virtual functions, so a member that they
/// hide has to call the hidden one.
class checking_visitor : public ::msgpack::null_visitor {
public:
  /// `level`: the depth that the value itself has if it is a list or a map.
  checking_visitor(std::uint32_t level, std::uint32_t levels_max)
    : levels_left_(level > levels_max ? 0 : levels_max - level + 1) {}

  bool visit_str(const char* text, std::uint32_t size) {
    return size == 0 || is_utf8({text, size});
  }

  bool start_array(std::uint32_t) { return enter(); }

  bool end_array() { return leave(); }

  bool start_map(std::uint32_t) { return enter(); }

  bool end_map() { return leave(); }

  [[nodiscard]] bool too_deep() const { return too_deep_; }

protected:
  /// Whether the parser is at the value itself, not inside it.
  [[nodiscard]] bool outermost() const { return open_ == 0; }

private:
  bool enter() {
    ++open_;
    too_deep_ = open_ > levels_left_;
    return !too_deep_;
  }

  bool leave() {
    --open_;
    return true;
  }

  std::uint32_t levels_left_;
  std::uint32_t open_ = 0;
  bool too_deep_ = false;
};

} // namespace greenroom::protocol
