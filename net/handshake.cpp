#include "net/handshake.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "core/base64.hpp"
#include "net/deflate_offer.hpp"

namespace greenroom::net {

namespace http = boost::beast::http;
using boost::beast::iequals;

namespace {

std::string_view field(const request_head& head, http::field name) {
  auto found = head[name];
  return {found.data(), found.size()};
}

std::size_t count(const request_head& head, http::field name) {
  return head.count(name);
}

/// The base64 of 16 bytes (RFC 6455 section 4.1): 22 signs and "==".
bool is_key(std::string_view key) {
  auto is_sign = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  return key.size() == 24 && key.ends_with("==")
         && std::all_of(key.begin(), key.end() - 2, is_sign);
}

/// Whether the field, which may come in several lines, lists the token.
bool names(const request_head& head, http::field name,
           boost::beast::string_view token) {
  auto [first, last] = head.equal_range(name);
  return std::any_of(first, last, [&](const auto& line) {
    return http::token_list{line.value()}.exists(token);
  });
}

/// What RFC 6455 section 4.2.1 asks of a handshake, in the order in which a
/// client's author wants to hear of it.
std::string_view flaw(const request_head& head) {
  if (head.method() != http::verb::get)
    return "a WebSocket handshake is a GET";
  if (head.version() < 11)
    return "a WebSocket handshake needs HTTP/1.1";
  if (count(head, http::field::host) != 1)
    return "exactly one Host is needed";
  if (!names(head, http::field::connection, "upgrade"))
    return "Connection: Upgrade is missing";
  if (!names(head, http::field::upgrade, "websocket"))
    return "Upgrade: websocket is missing";
  if (count(head, http::field::sec_websocket_key) != 1
      || !is_key(field(head, http::field::sec_websocket_key)))
    return "Sec-WebSocket-Key is not the base64 of 16 bytes";
  if (count(head, http::field::sec_websocket_version) != 1)
    return "exactly one Sec-WebSocket-Version is needed";
  return {};
}

/// Takes the client's first choice that the node speaks [P-1.1].
bool choose_subprotocol(const request_head& head, upgrade& into) {
  bool named = false;
  for (const auto& line : head) {
    if (line.name() != http::field::sec_websocket_protocol)
      continue;
    for (auto offered : http::token_list{line.value()}) {
      named = true;
      if (offered == "greenroom.v1.json")
        into.hello.encoding = protocol::encoding::json;
      else if (offered == "greenroom.v1.msgpack")
        into.hello.encoding = protocol::encoding::msgpack;
      else
        continue;
      into.subprotocol = std::string{offered.data(), offered.size()};
      return true;
    }
  }
  return !named;
}

/// Several lines of a field are one list (RFC 9110 section 5.3).
std::string joined_lines(const request_head& head, http::field name) {
  std::string all;
  auto [first, last] = head.equal_range(name);
  for (auto i = first; i != last; ++i) {
    if (!all.empty())
      all += ',';
    all.append(i->value().data(), i->value().size());
  }
  return all;
}

std::string bearer(std::string_view authorization) {
  constexpr std::string_view scheme = "Bearer ";
  if (authorization.size() <= scheme.size()
      || !iequals(authorization.substr(0, scheme.size()), scheme))
    return {};
  auto token = authorization.substr(scheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  return std::string{token};
}

std::string cookie(const request_head& head, std::string_view wanted) {
  if (wanted.empty())
    return {};
  for (const auto& line : head) {
    if (line.name() != http::field::cookie)
      continue;
    // RFC 6265 section 4.2.1: pairs, separated by "; ".
    std::string_view rest{line.value().data(), line.value().size()};
    while (!rest.empty()) {
      auto end = std::min(rest.find(';'), rest.size());
      auto pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
      auto equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != wanted)
        continue;
      auto value = pair.substr(equals + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      return std::string{value};
    }
  }
  return {};
}

} // namespace

std::variant<target, refused> read_target(std::string_view from) {
  auto parsed = boost::urls::parse_origin_form({from.data(), from.size()});
  if (!parsed)
    return refused{400, "the request target is not a valid URL"};
  target at;
  auto path = parsed->encoded_path();
  at.path.assign(path.data(), path.size());
  for (auto parameter : parsed->params())
    at.query.emplace_back(
        std::string{parameter.key.data(), parameter.key.size()},
        std::string{parameter.value.data(), parameter.value.size()});
  return at;
}

std::variant<upgrade, refused> read_handshake(const request_head& head,
                                              const target& at,
                                              const settings& config) {
  if (auto what = flaw(head); !what.empty())
    return refused{400, std::string{what}};
  if (field(head, http::field::sec_websocket_version) != "13")
    return refused{426, "this node speaks WebSocket version 13"};
  if (!origin_allowed(head, config.net.origins))
    return refused{403, "this Origin is not allowed (net.origins)"};
  upgrade agreed;
  agreed.hello.space =
      at.path == "/relay" ? room_space::relay : room_space::protocol;
  // A raw client speaks no dialect of ours, so there is none to agree on.
  if (agreed.hello.space == room_space::protocol
      && !choose_subprotocol(head, agreed))
    return refused{400, "no known subprotocol: greenroom.v1.json, "
                        "greenroom.v1.msgpack"};
  agreed.hello.token = find_token(head, at, config.auth.cookie);
  for (const auto& [name, value] : at.query)
    if (name == "room")
      agreed.hello.rooms.push_back(value);
  if (auto deflate = choose_deflate(
          joined_lines(head, http::field::sec_websocket_extensions),
          config.deflate)) {
    agreed.hello.deflate = deflate->terms;
    agreed.extensions = std::move(deflate->answer);
  }
  return agreed;
}

std::string upgrade_response(const request_head& head, const upgrade& agreed) {
  // RFC 6455 section 4.2.2: base64 of SHA-1 of the key and this.
  constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::string text{field(head, http::field::sec_websocket_key)};
  text += guid;
  // SHA1() would look its implementation up each time, which costs thrice what
  // the hashing does.
  static const auto* sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  unsigned char digest[SHA_DIGEST_LENGTH];
  EVP_Digest(text.data(), text.size(), digest, nullptr, sha1, nullptr);
  std::string response = "HTTP/1.1 101 Switching Protocols\r\n"
                         "Upgrade: websocket\r\n"
                         "Connection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: ";
  append_base64(response,
                {reinterpret_cast<const char*>(digest), sizeof digest});
  response += "\r\n";
  auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty())
      response.append(name).append(": ").append(value) += "\r\n";
  };
  add("Sec-WebSocket-Protocol", agreed.subprotocol);
  add("Sec-WebSocket-Extensions", agreed.extensions);
  return response += "\r\n";
}

std::string find_token(const request_head& head, const target& at,
                       std::string_view cookie_name) {
  if (auto token = bearer(field(head, http::field::authorization));
      !token.empty())
    return token;
  for (const auto& [name, value] : at.query)
    if (name == "token" && !value.empty())
      return value;
  return cookie(head, cookie_name);
}

bool origin_allowed(const request_head& head,
                    const std::vector<std::string>& allowed) {
  if (count(head, http::field::origin) == 0)
    return true;
  auto origin = field(head, http::field::origin);
  for (const auto& candidate : allowed)
    if (candidate == "*" || iequals(candidate, origin))
      return true;
  auto scheme_end = origin.find("://");
  return scheme_end != std::string_view::npos
         && iequals(origin.substr(scheme_end + 3),
                    field(head, http::field::host));
}

} // namespace greenroom::net
