#include "cluster/redis_url.hpp"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace greenroom::cluster {

namespace {

using result = boost::system::result<redis_endpoint, url_error>;
using transport = redis_endpoint::transport;

// One byte stays for the terminating zero.
constexpr std::size_t path_bytes_max = sizeof(sockaddr_un{}.sun_path) - 1;

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number to{};
  auto end = text.data() + text.size();
  auto [stopped, failed] = std::from_chars(text.data(), end, to);
  if (text.empty() || failed != std::errc{} || stopped != end)
    return std::nullopt;
  return to;
}

result with_database(redis_endpoint to, std::string_view number) {
  auto database = whole_number<std::uint32_t>(number);
  if (!database)
    return url_error{"the database is not a whole number"};
  to.database = *database;
  return to;
}

result with_path(redis_endpoint to, std::string path) {
  if (path.size() > path_bytes_max)
    return url_error{"the path of the socket is longer than "
                     + std::to_string(path_bytes_max) + " bytes"};
  if (path.size() < 2 || path.find('\0') != std::string::npos)
    return url_error{"the path of the socket is not a file name"};
  to.path = std::move(path);
  return to;
}

/// `/path` or `/path?db=n`: no URL, so nothing is percent-decoded.
result from_path(std::string_view text) {
  redis_endpoint to;
  to.over = transport::local;
  auto question = text.rfind('?');
  auto found = with_path(to, std::string{text.substr(0, question)});
  if (!found || question == std::string_view::npos)
    return found;
  auto query = text.substr(question + 1);
  if (!query.starts_with("db="))
    return url_error{"only the query parameter db is known"};
  return with_database(std::move(*found), query.substr(3));
}

result with_login(redis_endpoint to, const boost::urls::url_view& url) {
  to.user = url.user();
  to.password = url.password();
  if (to.password.empty() && (!to.user.empty() || url.has_password()))
    return url_error{"a user needs a password, as in user:password@; a "
                     "password alone is written :password@"};
  return to;
}

result from_local_url(redis_endpoint to, const boost::urls::url_view& url) {
  if (!url.encoded_host().empty() || url.has_port())
    return url_error{"a socket path needs three slashes, as in unix:///path"};
  auto found = with_path(std::move(to), url.path());
  if (!found)
    return found;
  to = std::move(*found);
  bool given = false;
  for (auto parameter : url.params()) {
    if (parameter.key != "db" || !parameter.has_value || given)
      return url_error{"only the query parameter db is known, once"};
    given = true;
    auto numbered = with_database(std::move(to), parameter.value);
    if (!numbered)
      return numbered;
    to = std::move(*numbered);
  }
  return to;
}

result from_network_url(redis_endpoint to, const boost::urls::url_view& url) {
  if (url.has_query())
    return url_error{"query parameters are not known here; the database is "
                     "written /number"};
  to.host = url.host_address();
  if (to.host.empty())
    return url_error{"no host"};
  for (unsigned char byte : to.host)
    if (byte <= 0x20 || byte == 0x7F)
      return url_error{"the host holds a space or control character"};
  if (url.has_port()) {
    auto port = whole_number<std::uint16_t>(url.port());
    if (!port || *port == 0)
      return url_error{"the port is not a number from 1 to 65535"};
    to.port = *port;
  }
  auto path = url.path();
  if (path.empty() || path == "/")
    return to;
  return with_database(std::move(to), std::string_view{path}.substr(1));
}

/// As Sentinel takes names of masters.
bool is_master_name(std::string_view text) {
  return !text.empty()
         && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789.-_")
                == std::string_view::npos;
}

/// One URL parser reads one host: each is given to it by itself.
boost::system::result<redis_endpoint::address, url_error>
one_of_several(std::string_view text, std::uint16_t port) {
  auto alone = "redis://" + std::string{text}; // The views lead into it.
  auto url = boost::urls::parse_uri(alone);
  if (!url || url->has_userinfo() || !url->encoded_path().empty())
    return url_error{"one of several is not written as host or host:port"};
  redis_endpoint to;
  to.port = port;
  auto found = from_network_url(std::move(to), *url);
  if (!found)
    return url_error{"of one of several: " + found.error().text};
  return redis_endpoint::address{std::move(found->host), found->port};
}

/// `[[user]:password@]host[:port][,host[:port]…]`. The login goes into `to`.
boost::system::result<std::vector<redis_endpoint::address>, url_error>
several(redis_endpoint& to, std::string_view text, std::uint16_t port) {
  if (auto at = text.rfind('@'); at != std::string_view::npos) {
    auto login = "redis://" + std::string{text.substr(0, at)} + "@host";
    auto url = boost::urls::parse_uri(login);
    if (!url || text.find('@') != at)
      return url_error{"user and password cannot be read (special characters "
                       "are written as %XX)"};
    auto found = with_login(std::move(to), *url);
    if (!found)
      return found.error();
    to = std::move(*found);
    text.remove_prefix(at + 1);
  }
  std::vector<redis_endpoint::address> all;
  for (std::size_t next = 0; next <= text.size();) {
    auto end = std::min(text.find(',', next), text.size());
    auto found = one_of_several(text.substr(next, end - next), port);
    if (!found)
      return found.error();
    all.push_back(std::move(*found));
    next = end + 1;
  }
  return all;
}

/// What stands behind `redis+sentinel://`.
result from_sentinels(redis_endpoint to, std::string_view text) {
  if (text.find_first_of("?#") != std::string_view::npos)
    return url_error{"query parameters are not known here; the database is "
                     "written /master/number"};
  auto slash = std::min(text.find('/'), text.size());
  auto found = several(to, text.substr(0, slash), 26379);
  if (!found)
    return found.error();
  to.by.sentinels = std::move(*found);
  auto path = text.substr(std::min(slash + 1, text.size()));
  auto name = path.substr(0, path.find('/'));
  if (!is_master_name(name))
    return url_error{"the name of the master, as sentinels know it, has to "
                     "follow: redis+sentinel://host:26379/mymaster"};
  to.by.master = name;
  if (name.size() == path.size())
    return to;
  return with_database(std::move(to), path.substr(name.size() + 1));
}

/// What stands behind `redis+cluster://`.
result from_cluster(redis_endpoint to, std::string_view text) {
  if (text.ends_with('/'))
    text.remove_suffix(1);
  if (text.find_first_of("/?#") != std::string_view::npos)
    return url_error{"a Redis Cluster has no databases, and nothing may follow "
                     "its addresses: redis+cluster://host:6379,host:6379"};
  auto found = several(to, text, 6379);
  if (!found)
    return found.error();
  to.nodes = std::move(*found);
  return to;
}

/// Of those that have several addresses; none: it is no such URL.
std::optional<result> from_several(std::string_view text) {
  struct form {
    std::string_view begins;
    transport over;
    result (*read)(redis_endpoint, std::string_view);
  };
  constexpr std::array<form, 4> forms{{
      {"redis+sentinel://", transport::tcp, from_sentinels},
      {"rediss+sentinel://", transport::tls, from_sentinels},
      {"redis+cluster://", transport::tcp, from_cluster},
      {"rediss+cluster://", transport::tls, from_cluster},
  }};
  for (const auto& each : forms) {
    if (!text.starts_with(each.begins))
      continue;
    redis_endpoint to;
    to.over = each.over;
    return each.read(std::move(to), text.substr(each.begins.size()));
  }
  return std::nullopt;
}

std::string listed(const std::vector<redis_endpoint::address>& all) {
  std::string to;
  for (const auto& each : all) {
    if (!to.empty())
      to += ',';
    to += to_string(each);
  }
  return to;
}

} // namespace

redis_endpoint redis_endpoint::at(address where) const {
  auto to = *this;
  to.by = {};
  to.nodes = {};
  to.host = std::move(where.host);
  to.port = where.port;
  return to;
}

redis_endpoint redis_endpoint::sentinel(std::size_t index) const {
  redis_endpoint to;
  to.over = over;
  to.host = by.sentinels[index].host;
  to.port = by.sentinels[index].port;
  to.user = by.user;
  to.password = by.password;
  return to;
}

result parse_redis_url(std::string_view text) {
  if (text.starts_with('/'))
    return from_path(text);
  if (auto found = from_several(text))
    return *std::move(found);
  auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed)
    return url_error{"not a URL like redis://host:6379 (special characters in "
                     "a password are written as %XX)"};
  auto url = *parsed;
  auto scheme = url.scheme();
  redis_endpoint to;
  if (scheme == "redis")
    to.over = transport::tcp;
  else if (scheme == "rediss")
    to.over = transport::tls;
  else if (scheme == "unix" || scheme == "redis+unix")
    to.over = transport::local;
  else
    return url_error{"the scheme is none of redis, rediss, unix, redis+unix, "
                     "redis+sentinel, rediss+sentinel, redis+cluster, "
                     "rediss+cluster"};
  if (url.has_fragment() || !url.has_authority())
    return url_error{"not a URL like redis://host:6379"};
  auto found = with_login(std::move(to), url);
  if (!found)
    return found;
  return found->over == transport::local
             ? from_local_url(std::move(*found), url)
             : from_network_url(std::move(*found), url);
}

std::string to_string(const redis_endpoint::address& where) {
  bool is_v6 = where.host.find(':') != std::string::npos;
  return (is_v6 ? '[' + where.host + ']' : where.host) + ':'
         + std::to_string(where.port);
}

std::string to_log_string(const redis_endpoint& where) {
  std::string to = where.over == transport::tcp   ? "redis"
                   : where.over == transport::tls ? "rediss"
                                                  : "unix";
  if (where.has_sentinels())
    to += "+sentinel";
  else if (where.is_cluster())
    to += "+cluster";
  to += "://";
  if (!where.password.empty())
    to += where.user + ":***@";
  if (where.over == transport::local) {
    to += where.path;
    if (where.database != 0)
      to += "?db=" + std::to_string(where.database);
    return to;
  }
  if (where.has_sentinels())
    to += listed(where.by.sentinels) + '/' + where.by.master;
  else if (where.is_cluster())
    to += listed(where.nodes);
  else
    to += to_string({where.host, where.port});
  if (where.database != 0)
    to += '/' + std::to_string(where.database);
  return to;
}

} // namespace greenroom::cluster
