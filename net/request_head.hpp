#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/container/small_vector.hpp>

namespace greenroom::net {

/// The head of a request: in one block, which Beast's own container of fields
/// (a tree, and an allocation for each) is not.
class request_head {
public:
  using field = boost::beast::http::field;
  using verb = boost::beast::http::verb;

  verb method = verb::unknown;
  unsigned version = 11; ///< 10: HTTP/1.0.

  [[nodiscard]] std::string_view target() const { return view(target_); }
  void set_target(std::string_view text) { target_ = keep(text); }

  /// A line of a field. Those that Beast has no name for are left out: nobody
  /// here looks for one.
  void add(field name, std::string_view value) {
    if (name != field::unknown)
      lines_.push_back({name, keep(value)});
  }

  void erase(field name) {
    auto its = [&](const line& at) {
      return at.name == name;
    };
    lines_.erase(std::remove_if(lines_.begin(), lines_.end(), its),
                 lines_.end());
  }

  [[nodiscard]] std::size_t count(field name) const {
    return static_cast<std::size_t>(
        std::count_if(lines_.begin(), lines_.end(),
                      [&](const line& at) { return at.name == name; }));
  }

  /// The first line's value; empty: there is none.
  [[nodiscard]] std::string_view operator[](field name) const {
    for (const auto& at : lines_)
      if (at.name == name)
        return view(at.value);
    return {};
  }

  /// Calls `what` with the value of each line of the field, in order, until it
  /// gives true. Whether it has.
  template <class F>
  bool any_of(field name, F what) const {
    for (const auto& at : lines_)
      if (at.name == name && what(view(at.value)))
        return true;
    return false;
  }

private:
  struct piece {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };

  struct line {
    field name;
    piece value;
  };

  piece keep(std::string_view text) {
    piece at{static_cast<std::uint32_t>(text_.size()),
             static_cast<std::uint32_t>(text.size())};
    text_ += text;
    return at;
  }

  [[nodiscard]] std::string_view view(piece at) const {
    return std::string_view{text_}.substr(at.begin, at.size);
  }

  std::string text_; ///< What the pieces are of.
  piece target_;
  boost::container::small_vector<line, 12> lines_;
};

/// Beast's parser, into a `request_head`.
class request_parser final : public boost::beast::http::basic_parser<true> {
public:
  [[nodiscard]] const request_head& get() const { return head_; }

private:
  using error_code = boost::system::error_code;
  using text = boost::beast::string_view;

  static std::string_view view(text from) { return {from.data(), from.size()}; }

  void on_request_impl(boost::beast::http::verb method, text, text target,
                       int version, error_code&) override {
    head_.method = method;
    head_.set_target(view(target));
    head_.version = static_cast<unsigned>(version);
  }
  void on_field_impl(boost::beast::http::field name, text, text value,
                     error_code&) override {
    head_.add(name, view(value));
  }
  void on_response_impl(int, text, int, error_code&) override {}
  void on_header_impl(error_code&) override {}

  // No route takes a body: the limit is 0.
  void on_body_init_impl(const boost::optional<std::uint64_t>&,
                         error_code&) override {}
  std::size_t on_body_impl(text body, error_code&) override {
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text body,
                                 error_code&) override {
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  request_head head_;
};

} // namespace greenroom::net
