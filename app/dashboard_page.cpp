#include "app/dashboard_page.hpp"

#include "app/dashboard_files.hpp"

namespace greenroom::app {

namespace {

/// Whatever a client has made its room's name: it runs nowhere, and nothing is
/// fetched from elsewhere.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

std::string_view type_of(std::string_view name) {
  if (name.ends_with(".js"))
    return "text/javascript; charset=utf-8";
  if (name.ends_with(".css"))
    return "text/css; charset=utf-8";
  return "text/html; charset=utf-8";
}

} // namespace

std::optional<net::served> dashboard_page(std::string_view path) {
  constexpr std::string_view root = "/dashboard";
  if (!path.starts_with(root))
    return {};
  path.remove_prefix(root.size());
  if (!path.empty() && path.front() != '/')
    return {};
  if (path == "/") // Where the page's links would lead elsewhere.
    return net::served{{}, "text/plain", {}, root};
  constexpr std::string_view index = "index.html";
  auto name = path.empty() ? index : path.substr(1);
  auto found = dashboard_file(name);
  if (!found || (name == index && !path.empty()))
    return {};
  return net::served{std::string{*found}, type_of(name), policy};
}

} // namespace greenroom::app
