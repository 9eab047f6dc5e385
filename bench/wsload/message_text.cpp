#include "bench/wsload/message_text.hpp"

#include <cstring>
#include <utility>

namespace greenroom::bench {

namespace {

std::string replace_all(std::string text, std::string_view what,
                        std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos;
       at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

bool names_client(const std::string& text) {
  return text.find("{room}") != std::string::npos
         || text.find("{i}") != std::string::npos;
}

constexpr std::string_view place = "{p}";
constexpr std::string_view body_place = "{body}";

} // namespace

std::string fill_in(std::string text, const options& opt, std::uint32_t room,
                    std::uint32_t id) {
  auto name = std::to_string(room);
  const auto digits = static_cast<std::size_t>(opt.room_digits);
  if (name.size() < digits)
    name.insert(0, digits - name.size(), '0');
  text = replace_all(std::move(text), "{room}", name);
  return replace_all(std::move(text), "{i}", std::to_string(id));
}

std::string fill_in(std::string text, const options& opt, const client& who) {
  return fill_in(std::move(text), opt, who.room, who.id);
}

message_text::message_text(const options& opt, const client& who) {
  const auto body = fill_in(opt.body, opt, who);
  const auto at = body.find(place);
  const auto fixed = body.size() - place.size() + stamp::bytes;
  if (static_cast<std::size_t>(opt.size) < fixed)
    usage_error("--size must be at least " + std::to_string(fixed)
                + " for this body");
  padding_ = static_cast<std::size_t>(opt.size) - fixed;
  const auto wrap = replace_all(fill_in(opt.wrap, opt, who), "{bodylen}",
                                std::to_string(opt.size));
  const auto inside = wrap.find(body_place);
  if (inside == std::string::npos)
    usage_error("--wrap lacks {body}");
  head_ = wrap.substr(0, inside) + body.substr(0, at);
  tail_ =
      body.substr(at + place.size()) + wrap.substr(inside + body_place.size());
}

void message_text::write(char* into, const stamp& what) const {
  std::memcpy(into, head_.data(), head_.size());
  into += head_.size();
  what.write(into);
  into += stamp::bytes;
  std::memset(into, '.', padding_);
  std::memcpy(into + padding_, tail_.data(), tail_.size());
}

message_texts::message_texts(const options& opt)
  : opt_(opt),
    per_client_(names_client(opt.wrap) || names_client(opt.body)),
    slots_(per_client_ ? static_cast<std::size_t>(opt.connections) : 1) {}

const message_text& message_texts::of(const client& who) {
  auto& its = slots_[per_client_ ? who.id : 0];
  if (!its.made)
    its = {message_text{opt_, who}, true};
  return its.text;
}

} // namespace greenroom::bench
