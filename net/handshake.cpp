#include "net/handshake.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

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

boost::beast::string_view to_beast(std::string_view text) {
  return {text.data(), text.size()};
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
  return head.any_of(name, [&](std::string_view value) {
    auto line = to_beast(value);
    return iequals(line, token) || http::token_list{line}.exists(token);
  });
}

/// What RFC 6455 section 4.2.1 asks of a handshake, in the order in which a
/// client's author wants to hear of it.
std::string_view flaw(const request_head& head) {
  if (head.method != http::verb::get)
    return "a WebSocket handshake is a GET";
  if (head.version < 11)
    return "a WebSocket handshake needs HTTP/1.1";
  if (head.count(http::field::host) != 1)
    return "exactly one Host is needed";
  if (!names(head, http::field::connection, "upgrade"))
    return "Connection: Upgrade is missing";
  if (!names(head, http::field::upgrade, "websocket"))
    return "Upgrade: websocket is missing";
  if (head.count(http::field::sec_websocket_key) != 1
      || !is_key(head[http::field::sec_websocket_key]))
    return "Sec-WebSocket-Key is not the base64 of 16 bytes";
  if (head.count(http::field::sec_websocket_version) != 1)
    return "exactly one Sec-WebSocket-Version is needed";
  return {};
}

/// Takes the client's first choice that the node speaks [P-1.1].
bool choose_subprotocol(const request_head& head, upgrade& into) {
  bool named = false;
  auto choose = [&](std::string_view line) {
    for (auto offered : http::token_list{to_beast(line)}) {
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
    return false;
  };
  return head.any_of(http::field::sec_websocket_protocol, choose) || !named;
}

/// Several lines of a field are one list (RFC 9110 section 5.3).
std::string joined_lines(const request_head& head, http::field name) {
  std::string all;
  head.any_of(name, [&](std::string_view line) {
    if (!all.empty())
      all += ',';
    all += line;
    return false;
  });
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
  std::string found;
  if (wanted.empty())
    return found;
  head.any_of(http::field::cookie, [&](std::string_view rest) {
    // RFC 6265 section 4.2.1: pairs, separated by "; ".
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
      found = value;
      return true;
    }
    return false;
  });
  return found;
}

/// Whether a URL has a part of these signs only: nothing to decode, nothing to
/// refuse, and nothing that parts it.
bool is_plain(std::string_view text) {
  static constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (char c = '0'; c <= '9'; ++c)
      table[static_cast<unsigned char>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c)
      table[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c)
      table[static_cast<unsigned char>(c)] = true;
    for (char c : {'-', '.', '_', '~'})
      table[static_cast<unsigned char>(c)] = true;
    return table;
  }();
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return plain[static_cast<unsigned char>(c)];
  });
}

/// The targets of nearly all clients, `/PATH` or `/PATH?NAME=VALUE`: to parse
/// them as any URL would cost as much as the rest of a handshake's head.
std::optional<target> read_plain_target(std::string_view from) {
  if (!from.starts_with('/'))
    return std::nullopt;
  from.remove_prefix(1);
  auto mark = from.find('?');
  auto path = from.substr(0, mark);
  if (!is_plain(path))
    return std::nullopt;
  target at;
  at.path.append("/").append(path);
  if (mark == std::string_view::npos)
    return at;
  auto query = from.substr(mark + 1);
  auto equals = query.find('=');
  if (equals == std::string_view::npos)
    return std::nullopt;
  auto name = query.substr(0, equals);
  auto value = query.substr(equals + 1);
  if (!is_plain(name) || !is_plain(value))
    return std::nullopt;
  at.query.emplace_back(name, value);
  return at;
}

/// Of the loop's thread: making one costs as much as the hashing.
EVP_MD_CTX* hashing() {
  struct free_context {
    void operator()(EVP_MD_CTX* what) const { EVP_MD_CTX_free(what); }
  };
  thread_local std::unique_ptr<EVP_MD_CTX, free_context> mine{EVP_MD_CTX_new()};
  return mine.get();
}

} // namespace

std::variant<target, refused> read_target(std::string_view from) {
  if (auto plain = read_plain_target(from))
    return std::move(*plain);
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
  if (head[http::field::sec_websocket_version] != "13")
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
  auto key = head[http::field::sec_websocket_key];
  // SHA1() would look its implementation up each time, which costs thrice what
  // the hashing does.
  static const auto* sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  unsigned char digest[SHA_DIGEST_LENGTH];
  auto* context = hashing();
  EVP_DigestInit_ex(context, sha1, nullptr);
  EVP_DigestUpdate(context, key.data(), key.size());
  EVP_DigestUpdate(context, guid.data(), guid.size());
  EVP_DigestFinal_ex(context, digest, nullptr);
  std::string response;
  response.reserve(256);
  response += "HTTP/1.1 101 Switching Protocols\r\n"
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
  if (auto token = bearer(head[http::field::authorization]); !token.empty())
    return token;
  for (const auto& [name, value] : at.query)
    if (name == "token" && !value.empty())
      return value;
  return cookie(head, cookie_name);
}

bool origin_allowed(const request_head& head,
                    const std::vector<std::string>& allowed) {
  if (head.count(http::field::origin) == 0)
    return true;
  auto origin = head[http::field::origin];
  for (const auto& candidate : allowed)
    if (candidate == "*" || iequals(candidate, origin))
      return true;
  auto scheme_end = origin.find("://");
  return scheme_end != std::string_view::npos
         && iequals(origin.substr(scheme_end + 3), head[http::field::host]);
}

} // namespace greenroom::net
