#include "app/load_settings.hpp"

#include <fstream>

#include <arpa/inet.h>

#include "app/command_line.hpp"
#include "app/event_texts.hpp"
#include "app/settings_file.hpp"
#include "app/settings_text.hpp"
#include "core/settings_check.hpp"

namespace greenroom::app {

namespace {

using verb = command_line::verb;
using error_lines = std::vector<std::string>;

void append(error_lines& to, error_lines more) {
  for (auto& line : more)
    to.push_back(std::move(line));
}

early_exit said(std::string text) {
  return {0, std::move(text), {}};
}

early_exit failed(const error_lines& errors) {
  early_exit out{2, {}, {}};
  for (const auto& error : errors)
    out.err += "greenroom: " + error + '\n';
  return out;
}

/// The sources, the weakest first.
settings read_sources(const command_line& given, const environment& variables,
                      error_lines& errors) {
  settings_draft draft;
  auto config = variables.find("GREENROOM_CONFIG");
  if (given.config)
    append(errors, read_settings_file(*given.config, draft));
  else if (config != variables.end() && !config->second.empty())
    append(errors, read_settings_file(config->second, draft));
  append(errors, read_settings_environment(variables, draft));
  for (const auto& [name, text] : given.settings)
    if (auto taken = draft.set(name, text); !taken)
      errors.push_back("--" + name + ": " + taken.error().text);
  return draft.finish();
}

/// core cannot say what an address is; the network can.
void check_address(std::string_view name, std::string& address,
                   error_lines& errors) {
  if (address == "localhost")
    address = "127.0.0.1";
  // The zone of a link-local address names an interface: fe80::1%eth0.
  auto without_zone = address.substr(0, address.find('%'));
  in6_addr parsed{};
  if (inet_pton(AF_INET6, without_zone.c_str(), &parsed) != 1
      && inet_pton(AF_INET, address.c_str(), &parsed) != 1)
    errors.push_back(std::string{name} + ": " + in_quotes(address)
                     + " is not an IP address: write one as in 127.0.0.1, "
                       "0.0.0.0 or ::1");
}

/// Whether nobody but this machine reaches it.
bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1)
    return (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1
         && IN6_IS_ADDR_LOOPBACK(&v6);
}

void check_admin(settings::admin_settings& admin, error_lines& errors) {
  if (admin.address.empty())
    return;
  check_address("admin.address", admin.address, errors);
  if (admin.token.empty() && !is_loopback(admin.address))
    errors.push_back("admin.address: others reach " + in_quotes(admin.address)
                     + ", so admin.token has to be set: openssl rand -hex 16 "
                       "makes one");
}

void read_secret_file(settings::auth_settings& auth, error_lines& errors) {
  constexpr std::size_t content_bytes_max = 4 * 1024;
  auto name = "auth.secret-file: " + in_quotes(auth.secret_file);
  std::ifstream file{auth.secret_file, std::ios::binary};
  std::string content(content_bytes_max + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(file.gcount()));
  // Reading less than was asked for sets `fail` and `eof`; a folder or a disk
  // that fails gives `bad`.
  if (file.bad() || !file.eof()) {
    errors.push_back(name
                     + (content.size() > content_bytes_max
                            ? " is over 4KiB: that is no secret"
                            : " cannot be read"));
    return;
  }
  while (content.ends_with('\n') || content.ends_with('\r'))
    content.pop_back();
  if (content.empty())
    errors.push_back(name + " is empty");
  else if (auto good = check_secret(content); !good)
    errors.push_back(name + ' ' + good.error().text);
  auth.secret = std::move(content);
}

void check_all(settings& all, error_lines& errors) {
  for (auto& complaint : check(all))
    errors.push_back(std::move(complaint.text));
  check_address("net.address", all.net.address, errors);
  check_admin(all.admin, errors);
  if (all.auth.secret.empty() && !all.auth.secret_file.empty())
    read_secret_file(all.auth, errors);
}

} // namespace

std::variant<settings, early_exit>
load_settings(int argc, const char* const* argv, const environment& variables) {
  auto given = read_command_line(argc, argv);
  if (!given.errors.empty())
    return failed(given.errors);
  // These answer even where the configuration is broken.
  if (given.what == verb::help)
    return said(help_text());
  if (given.what == verb::version)
    return said("greenroom " GREENROOM_VERSION "\n");
  if (given.what == verb::print_reference)
    return said(reference_text());
  if (given.what == verb::print_events)
    return said(events_text());
  if (given.what == verb::print_events_schema)
    return said(events_schema());
  if (given.what == verb::print_metrics)
    return said(metrics_text());

  error_lines errors;
  auto all = read_sources(given, variables, errors);
  if (!errors.empty())
    return failed(errors);
  // Before the checks: whoever starts a file of their own has no secret yet.
  if (given.what == verb::print_config)
    return said(config_text(all));
  check_all(all, errors);
  if (!errors.empty())
    return failed(errors);
  if (given.what == verb::check_config)
    return said("configuration is good\n");
  return all;
}

} // namespace greenroom::app
