#include "app/load_settings.hpp"

#include <cstdio>
#include <fstream>
#include <set>

#include <unistd.h>

#include "core/settings_draft.hpp"
#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace greenroom::app;

namespace {

/// A file that is gone after the test.
class temporary_file {
public:
  explicit temporary_file(std::string_view content) {
    auto descriptor = mkstemp(path_.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    std::ofstream{path_, std::ios::binary} << content;
  }

  ~temporary_file() { std::remove(path_.c_str()); }

  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_ = "/tmp/greenroom_settings_XXXXXX";
};

using loaded = std::variant<settings, early_exit>;

loaded load(const std::vector<std::string>& arguments,
            const environment& variables = {}) {
  std::vector<const char*> argv{"greenroom"};
  for (const auto& argument : arguments)
    argv.push_back(argument.c_str());
  return load_settings(static_cast<int>(argv.size()), argv.data(), variables);
}

settings good(const loaded& what) {
  if (const auto* exit = std::get_if<early_exit>(&what)) {
    INFO(exit->err);
    REQUIRE(false);
  }
  return std::get<settings>(what);
}

early_exit exit_of(const loaded& what) {
  REQUIRE(std::holds_alternative<early_exit>(what));
  return std::get<early_exit>(what);
}

/// Arguments that let the node start, and more.
std::vector<std::string> with(std::vector<std::string> more) {
  more.insert(more.begin(), "--auth.anonymous=true");
  return more;
}

/// What is said about a configuration that is wrong.
std::string complaint(const std::vector<std::string>& arguments,
                      const environment& variables = {}) {
  auto exit = exit_of(load(with(arguments), variables));
  CHECK(exit.code == 2);
  CHECK(exit.out.empty());
  return exit.err;
}

std::string complaint_about_file(std::string_view content) {
  temporary_file file{content};
  auto text = complaint({"--config", file.path()});
  auto prefix = "greenroom: " + file.path() + ':';
  CHECK(text.starts_with(prefix));
  return text.substr(std::min(prefix.size(), text.size()));
}

bool contains(std::string_view text, std::string_view part) {
  INFO(text);
  CHECK(text.find(part) != std::string_view::npos);
  return text.find(part) != std::string_view::npos;
}

} // namespace

// -- precedence ---------------------------------------------------------------

TEST_CASE("a setting without a source has its default") {
  auto all = good(load(with({})));
  settings usual;
  usual.auth.anonymous = true;
  CHECK(all == usual);
}

TEST_CASE("of two sources the stronger decides") {
  temporary_file file{"[net]\nport = 1\n"};
  environment variables{{"GREENROOM_NET_PORT", "2"}};
  auto in_file = "--config=" + file.path();
  CHECK(good(load(with({in_file}))).net.port == 1);
  CHECK(good(load(with({}), variables)).net.port == 2);
  CHECK(good(load(with({"--net.port=3"}))).net.port == 3);
  CHECK(good(load(with({in_file}), variables)).net.port == 2);
  CHECK(good(load(with({in_file, "--net.port=3"}))).net.port == 3);
  CHECK(good(load(with({"--net.port=3"}), variables)).net.port == 3);
  CHECK(good(load(with({in_file, "--net.port=3"}), variables)).net.port == 3);
}

TEST_CASE("a value that is wrong is told even where it is overruled") {
  CHECK(complaint({"--net.port=3"}, {{"GREENROOM_NET_PORT", "x"}})
        == "greenroom: GREENROOM_NET_PORT: \"x\" is not a whole number\n");
}

TEST_CASE("every setting can be given by every source") {
  for (const auto& row : settings_table()) {
    INFO(row.name);
    auto text = row.name == "auth.secret" ? std::string(32, 's')
                                          : text_of(settings{}, row);
    if (row.name == "auth.secret-file")
      continue; // Has to be there; it has tests of its own.
    auto option = "--" + std::string{row.name};
    good(load({option, text, "--auth.anonymous=true"}));
    good(load({option + '=' + text, "--auth.anonymous=true"}));
    good(load(with({}), {{variable_of(row.name), text}}));
  }
}

TEST_CASE("no two settings share a variable") {
  std::set<std::string> variables{"GREENROOM_CONFIG"};
  for (const auto& row : settings_table())
    CHECK(variables.insert(variable_of(row.name)).second);
  CHECK(variables.count("GREENROOM_AUTH_SECRET_FILE") == 1);
}

// -- namespaces ---------------------------------------------------------------

TEST_CASE("a namespace inherits the final `rooms`, whichever source is first") {
  temporary_file file{"[namespaces.game]\nslow = \"close\"\n"
                      "[namespaces.chat]\n[rooms]\nmembers = 5\n"};
  auto all = good(load(
      with({"--config", file.path(), "--rooms.members=7",
            "--namespaces.game.rights", "r", "--namespaces.Other.members=9"})));
  CHECK(all.of("game").slow == slow_policy::close);
  CHECK(all.of("game").rights == "r");
  CHECK(all.of("game").members == 7);
  CHECK(all.of("Other").members == 9);
  CHECK(all.namespaces.size() == 3);
}

TEST_CASE("a namespace can be set by the environment") {
  CHECK(
      good(load(with({}), {{"GREENROOM_NAMESPACES_GAME_LISTED_MEMBERS", "3"}}))
          .of("game")
          .listed_members
      == 3);
  temporary_file file{"[namespaces.My-Game]\nmembers = 1\n"};
  auto all = good(load(with({"--config", file.path()}),
                       {{"GREENROOM_NAMESPACES_MY_GAME_MEMBERS", "3"},
                        {"GREENROOM_NAMESPACES_MY_GAME_RIGHTS", "p"}}));
  CHECK(all.namespaces.size() == 1);
  CHECK(all.of("My-Game").members == 3);
  CHECK(all.of("My-Game").rights == "p");
}

TEST_CASE("a variable that could mean two namespaces is refused") {
  temporary_file file{"[namespaces.a-b]\n[namespaces.a_b]\n"};
  auto text = complaint({"--config", file.path()},
                        {{"GREENROOM_NAMESPACES_A_B_MEMBERS", "3"}});
  CHECK(text
        == "greenroom: GREENROOM_NAMESPACES_A_B_MEMBERS: could mean the "
           "namespaces a-b and a_b; set it in the file\n");
  contains(complaint({}, {{"GREENROOM_NAMESPACES_MEMBERS", "3"}}),
           "ends in no setting of a namespace");
  contains(complaint({}, {{"GREENROOM_NAMESPACES_A_FOO", "3"}}),
           "ends in no setting of a namespace");
  contains(complaint({}, {{"GREENROOM_NAMESPACES__MEMBERS", "3"}}),
           "the name of a namespace is");
}

// -- the command line ---------------------------------------------------------

TEST_CASE("an unknown option names the nearest") {
  CHECK(complaint({"--net.prot=1"})
        == "greenroom: --net.prot: unknown setting; did you mean net.port?\n");
  CHECK(complaint({"--port", "1"})
        == "greenroom: --port: unknown setting; did you mean net.port?\n");
  CHECK(complaint({"--chek-config"})
        == "greenroom: --chek-config: unknown option; did you mean "
           "--check-config?\n");
  contains(complaint({"--namespaces.game.membres=1"}),
           "did you mean namespaces.game.members?");
  contains(complaint({"serve"}), "\"serve\": a setting is --section.key=value");
  contains(complaint({"-x"}), "\"-x\": a setting is --section.key=value");
}

TEST_CASE("the value of a misspelt secret is not repeated") {
  for (auto arguments : {std::vector<std::string>{"--auth.secert=hunter2"},
                         std::vector<std::string>{"--auth.secert", "hunter2"}})
    CHECK(complaint(arguments)
          == "greenroom: --auth.secert: unknown setting; did you mean "
             "auth.secret?\n");
}

TEST_CASE("an option that misses its value is told") {
  CHECK(complaint({"--net.port"}) == "greenroom: --net.port: needs a value\n");
  contains(complaint({"--net.port="}), "--net.port");
  CHECK(complaint({"--net.port", "-1"})
        == "greenroom: --net.port: \"-1\" is not a whole number\n");
}

TEST_CASE("texts reach their setting as they are") {
  for (std::string text : {"[an, odd one]", "\"quoted\"", "a b", "-dash",
                           "--dashes", "{x}", "it's", "back\\slash", "a=b"}) {
    INFO(text);
    CHECK(good(load(with({"--auth.issuer=" + text}))).auth.issuer == text);
    CHECK(good(load(with({"--auth.issuer", text}))).auth.issuer == text);
  }
}

TEST_CASE("an empty value does not swallow the next option") {
  for (auto arguments :
       {std::vector<std::string>{"--auth.cookie=", "--net.port=3"},
        std::vector<std::string>{"--auth.cookie", "", "--net.port=3"},
        std::vector<std::string>{"--net.port=3", "--auth.cookie="}}) {
    auto all = good(load(with(arguments)));
    CHECK(all.auth.cookie.empty());
    CHECK(all.net.port == 3);
  }
}

TEST_CASE("an option that is said twice counts the last time") {
  CHECK(good(load(with({"--net.port=1", "--net.port=2"}))).net.port == 2);
}

TEST_CASE("all errors are told at once, one a line") {
  auto text = complaint({"--net.port=x", "--log.level=loud"},
                        {{"GREENROOM_NET_LOOPS", "many"}});
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
}

// -- the environment ----------------------------------------------------------

TEST_CASE("an unknown variable names the nearest") {
  CHECK(complaint({}, {{"GREENROOM_NET_PROT", "1"}})
        == "greenroom: GREENROOM_NET_PROT: unknown setting; did you mean "
           "GREENROOM_NET_PORT?\n");
  good(load(with({}), {{"PATH", "/bin"}, {"GREEN", "1"}}));
}

TEST_CASE("what Kubernetes says of a service called greenroom is no setting") {
  good(load(with({}), {{"GREENROOM_SERVICE_HOST", "10.0.0.1"},
                       {"GREENROOM_SERVICE_PORT", "8080"},
                       {"GREENROOM_SERVICE_PORT_WS", "8080"},
                       {"GREENROOM_PORT", "tcp://10.0.0.1:8080"},
                       {"GREENROOM_PORT_8080_TCP", "tcp://10.0.0.1:8080"},
                       {"GREENROOM_PORT_8080_TCP_PROTO", "tcp"},
                       {"GREENROOM_PORT_8080_TCP_ADDR", "10.0.0.1"}}));
}

// -- the file -----------------------------------------------------------------

TEST_CASE("the file can be named by GREENROOM_CONFIG, the option is stronger") {
  temporary_file one{"[net]\nport = 1\n"};
  temporary_file two{"[net]\nport = 2\n"};
  environment variables{{"GREENROOM_CONFIG", one.path()}};
  CHECK(good(load(with({}), variables)).net.port == 1);
  CHECK(good(load(with({"--config", two.path()}), variables)).net.port == 2);
}

TEST_CASE("an error in the file names its line") {
  CHECK(complaint_about_file("[net]\n\nport = 70000\n")
        == "3: net.port: \"70000\" is not in 0 to 65535\n");
  CHECK(complaint_about_file("[net]\nprot = 1\n")
        == "2: net.prot: unknown setting; did you mean net.port?\n");
  contains(complaint_about_file("port = 1\n"),
           "1: port: unknown setting; did you mean net.port?");
  contains(complaint_about_file("[nett]\nport = 1\n"),
           "2: nett.port: unknown setting; did you mean net.port?");
  contains(complaint_about_file("[net.port]\nx = 1\n"), "net.port has to be");
  contains(complaint_about_file("[net]\nport = \n"), "2: ");
  contains(complaint_about_file("[namespaces.game]\nmembres = 1\n"),
           "2: namespaces.game.membres: unknown setting");
  contains(complaint_about_file("[namespaces.\"a b\"]\nmembers = 1\n"),
           "the name of a namespace is");
  contains(complaint_about_file("[namespaces]\nmembers = 1\n"), "2: ");
}

TEST_CASE("a value of the wrong TOML type is refused") {
  contains(complaint_about_file("[net]\nport = \"80\"\n"),
           "2: net.port has to be a whole number");
  contains(complaint_about_file("[net]\nport = 80.0\n"), "a whole number");
  contains(complaint_about_file("[demo]\npage = \"true\"\n"), "true or false");
  contains(complaint_about_file("[net]\naddress = 1\n"), "a text in quotes");
  contains(complaint_about_file("[net]\norigins = \"https://a\"\n"),
           "a list of texts");
  contains(complaint_about_file("[net]\norigins = [1]\n"), "a list of texts");
  contains(complaint_about_file("[auth]\ntimeout = true\n"),
           "a text with a unit");
  contains(complaint_about_file("[auth]\ntimeout = 5\n"), "has no unit");
}

TEST_CASE("each type of value can be written in TOML") {
  temporary_file file{"[net]\nport = 1\naddress = \"::1\"\n"
                      "origins = [\"https://a\", \"https://b\"]\n"
                      "[auth]\nanonymous = true\ntimeout = \"7s\"\ngrace = 0\n"
                      "[limits]\nmessage-bytes = \"1KiB\"\n"
                      "unsent-bytes = 2048\n"
                      "[rooms]\nslow = \"close\"\n"};
  auto all = good(load({"--config", file.path()}));
  CHECK(all.net.address == "::1");
  CHECK(all.net.origins.size() == 2);
  CHECK(all.auth.timeout == milliseconds{7'000});
  CHECK(all.auth.grace == milliseconds{0});
  CHECK(all.limits.message_bytes == 1'024);
  CHECK(all.limits.unsent_bytes == 2'048);
  CHECK(all.rooms.slow == slow_policy::close);
}

TEST_CASE("a file that cannot be read is one clear line") {
  CHECK(complaint({"--config", "/nowhere/x.toml"})
        == "greenroom: /nowhere/x.toml: the file cannot be read\n");
  CHECK(complaint({"--config", "/tmp"})
        == "greenroom: /tmp: the file cannot be read\n");
}

// -- checks -------------------------------------------------------------------

TEST_CASE("a node that nobody could log in to is refused") {
  auto exit = exit_of(load({}));
  CHECK(exit.code == 2);
  CHECK(exit.err
        == "greenroom: nobody could log in: set auth.secret, auth.secret-file "
           "or auth.anonymous\n");
}

TEST_CASE("net.address is an IP address, or localhost") {
  for (auto text : {"127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1%lo"})
    CHECK(good(load(with({"--net.address", text}))).net.address == text);
  CHECK(good(load(with({"--net.address=localhost"}))).net.address
        == "127.0.0.1");
  for (auto text : {"example.com", "1.2.3", "127.0.0.1:80", "[::1]", "*"})
    contains(complaint({"--net.address", text}), "is not an IP address");
}

TEST_CASE("operators are served to others only with a token") {
  for (auto text : {"127.0.0.1", "127.1.2.3", "::1", "localhost", ""})
    CHECK(good(load(with({std::string{"--admin.address="} + text})))
              .admin.token.empty());
  for (auto text : {"0.0.0.0", "::", "10.0.0.1", "fe80::1%lo"}) {
    std::string address = std::string{"--admin.address="} + text;
    contains(complaint({address}), "so admin.token has to be set");
    CHECK(good(load(with({address, "--admin.token=0123456789abcdef"})))
              .admin.address
          == text);
  }
  contains(complaint({"--admin.address=example.com"}),
           "admin.address: \"example.com\" is not an IP address");
}

TEST_CASE("a token for operators is long, and a header can carry it") {
  contains(complaint({"--admin.token=0123456789abcde"}), "at least 16");
  contains(complaint({"--admin.token=0123456789abcdef ghi"}), "may hold");
  contains(complaint({"--admin.token=***"}), "write the token");
}

TEST_CASE("the secret is read from its file, without the line end") {
  std::string key(32, 'k');
  temporary_file file{key + "\r\n"};
  auto all = good(load({"--auth.secret-file", file.path()}));
  CHECK(all.auth.secret == key);
  CHECK_FALSE(all.auth.anonymous);
}

TEST_CASE("a secret file that is no secret is refused") {
  auto complaint_about = [](const std::string& content) {
    temporary_file file{content};
    return exit_of(load({"--auth.secret-file", file.path()})).err;
  };
  contains(complaint_about(""), "is empty");
  contains(complaint_about("\n"), "is empty");
  contains(complaint_about("short\n"), "has 5 bytes; a key for HS256 needs");
  contains(complaint_about(std::string(4'097, 'x')), "is over 4KiB");
  temporary_file largest{std::string(4'096, 'x')};
  good(load({"--auth.secret-file", largest.path()}));
  contains(exit_of(load({"--auth.secret-file=/nowhere/secret"})).err,
           "\"/nowhere/secret\" cannot be read");
  contains(exit_of(load({"--auth.secret-file=/tmp"})).err, "cannot be read");
}

// -- what is printed ----------------------------------------------------------

TEST_CASE("--check-config says that all is good, or what is not") {
  auto exit = exit_of(load(with({"--check-config"})));
  CHECK(exit.code == 0);
  CHECK(exit.out == "configuration is good\n");
  CHECK(exit.err.empty());
  CHECK(exit_of(load({"--check-config"})).code == 2);
}

TEST_CASE("--version and --help answer whatever the configuration") {
  environment broken{{"GREENROOM_NONSENSE", "1"}};
  CHECK(exit_of(load({"--version"}, broken)).out.starts_with("greenroom 0."));
  auto help = exit_of(load({"--help"}, broken));
  CHECK(help.code == 0);
  for (const auto& row : settings_table())
    contains(help.out, "--" + std::string{row.name} + '\n');
  contains(help.out, "(0 to 65535; default 8080)");
  CHECK(exit_of(load({"-h"})).out == help.out);
}

TEST_CASE("help fits a terminal of 80 columns") {
  auto text = exit_of(load({"--help"})).out;
  for (std::size_t from = 0; from < text.size();) {
    auto end = text.find('\n', from);
    CHECK(end - from <= 80);
    from = end + 1;
  }
}

TEST_CASE("the printed configuration loads to the same settings") {
  std::vector<std::string> arguments{"--auth.anonymous=true",
                                     "--net.port=0",
                                     "--auth.issuer=a \"b\" \\ ü",
                                     "--net.origins=https://a,https://b",
                                     "--limits.message-bytes=100000",
                                     "--limits.unsent-bytes=3MiB",
                                     "--cluster.redis=rediss://h:6380/1",
                                     "--namespaces.game.members=4",
                                     "--namespaces.b-2.slow=close",
                                     "--auth.grace=0"};
  auto before = good(load(arguments));
  arguments.emplace_back("--print-config");
  temporary_file file{exit_of(load(arguments)).out};
  CHECK(good(load({"--config", file.path()})) == before);
}

TEST_CASE("the printed configuration is complete, and has no secret") {
  std::string secret = "hunter2-hunter2-hunter2-hunter2-";
  auto printed = exit_of(load({"--auth.secret", secret, "--print-config",
                               "--cluster.redis=redis://ann:hunter2@h/1"}));
  CHECK(printed.code == 0);
  CHECK(printed.out.find("hunter2") == std::string::npos);
  contains(printed.out, "secret = \"***\"");
  contains(printed.out, "redis = \"redis://ann:***@h/1\"");
  for (const auto& row : settings_table())
    contains(printed.out, '\n' + std::string{row.key()} + " = ");
  // Together with the secrets it is good again; alone it says what to write.
  temporary_file file{printed.out};
  auto all = good(load({"--config", file.path()},
                       {{"GREENROOM_AUTH_SECRET", secret},
                        {"GREENROOM_CLUSTER_REDIS", "redis://ann:x@h/1"}}));
  CHECK(all.auth.secret == secret);
  contains(exit_of(load({"--config", file.path()})).err,
           "auth.secret: *** is what --print-config shows");
}

TEST_CASE("the default configuration can be printed to start from") {
  auto printed = exit_of(load({"--print-config"}));
  CHECK(printed.code == 0);
  temporary_file file{printed.out};
  CHECK(good(load({"--config", file.path(), "--auth.anonymous=true"}))
        == good(load(with({}))));
}
