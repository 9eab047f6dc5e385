#include "net/deflate_offer.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <boost/beast/core/string.hpp>

namespace greenroom::net {

namespace {

using boost::beast::iequals;
using optional_text = std::optional<std::string_view>;

/// RFC 9110 section 5.6.2.
bool is_token_sign(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
}

/// Reads a field from its front; blanks between parts do not count. (Beast's
/// `ext_list` loses a parameter without a value in front of a comma.)
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {}

  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c)
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Empty: there is none here.
  std::string_view token() {
    skip_blanks();
    std::size_t end = 0;
    while (end < rest_.size() && is_token_sign(rest_[end]))
      ++end;
    auto found = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return found;
  }

  /// A token, or one in quotes (RFC 6455 section 9.1).
  std::string_view value() {
    if (!take('"'))
      return token();
    auto found = token();
    return take('"') ? found : std::string_view{};
  }

  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

private:
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

/// What the parameters of one offer say, RFC 7692 section 7.1.
struct offer {
  bool server_no_context = false;
  bool client_no_context = false;
  std::uint8_t server_bits = 0; ///< 0: the client sets no bound.
  std::uint8_t client_bits = 0; ///< 0: the client cannot be asked for less.
};

/// 8 to 15, in decimal without zeros in front (section 7.1.2); 0: it is not.
std::uint8_t window_bits(std::string_view text) {
  if (text == "8" || text == "9")
    return static_cast<std::uint8_t>(text[0] - '0');
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5')
    return static_cast<std::uint8_t>(10 + text[1] - '0');
  return 0;
}

/// False: it is set already, or `to` is nothing.
template <class T>
bool set_once(T& what, T to) {
  return std::exchange(what, to) == T{} && to != T{};
}

/// False: the offer cannot be accepted.
bool take(offer& into, std::string_view name, optional_text value) {
  auto is = [&](std::string_view known) {
    return iequals(name, known);
  };
  if (is("server_no_context_takeover"))
    return !value && set_once(into.server_no_context, true);
  if (is("client_no_context_takeover"))
    return !value && set_once(into.client_no_context, true);
  if (is("server_max_window_bits"))
    return value && set_once(into.server_bits, window_bits(*value));
  if (is("client_max_window_bits"))
    return set_once(into.client_bits,
                    value ? window_bits(*value) : ws::window_bits_max);
  return false;
}

void add(std::string& answer, std::string_view name, std::uint8_t bits) {
  answer.append("; ").append(name) += '=';
  answer += std::to_string(bits);
}

deflate_agreement accept(const offer& what,
                         const settings::deflate_settings& config) {
  deflate_agreement agreed;
  auto& answer = agreed.answer;
  // What the node sends is the same for many clients.
  answer = "permessage-deflate; server_no_context_takeover";
  auto server_most = static_cast<std::uint8_t>(config.server_window_bits);
  agreed.terms.server_bits = what.server_bits == 0
                                 ? server_most
                                 : std::min(what.server_bits, server_most);
  // A bound that was asked for has to be answered (section 7.1.2.1).
  if (what.server_bits != 0 || server_most < ws::window_bits_max)
    add(answer, "server_max_window_bits", agreed.terms.server_bits);
  // Who cannot be asked for less uses any window (section 7.1.2.2).
  auto client_most = static_cast<std::uint8_t>(config.client_window_bits);
  auto client_bits = what.client_bits == 0
                         ? ws::window_bits_max
                         : std::min(what.client_bits, client_most);
  if (client_bits < ws::window_bits_max)
    add(answer, "client_max_window_bits", client_bits);
  if (config.client_context && !what.client_no_context
      && client_bits <= client_most)
    agreed.terms.client_context_bits = client_bits;
  else
    answer += "; client_no_context_takeover";
  return agreed;
}

} // namespace

std::optional<deflate_agreement>
choose_deflate(std::string_view offers,
               const settings::deflate_settings& config) {
  if (!config.enabled)
    return std::nullopt;
  std::optional<deflate_agreement> first;
  scanner at{offers};
  do {
    auto name = at.token();
    bool acceptable = iequals(name, "permessage-deflate");
    offer what;
    while (!name.empty() && at.take(';')) {
      auto parameter = at.token();
      optional_text value;
      if (at.take('='))
        value = at.value();
      if (parameter.empty() || (value && value->empty()))
        return std::nullopt; // Not the grammar: who knows what it says.
      acceptable = acceptable && take(what, parameter, value);
    }
    if (acceptable && !first)
      first = accept(what, config);
  } while (at.take(','));
  return at.at_end() ? first : std::nullopt;
}

} // namespace greenroom::net
