// Lines of files, whole, torn, endless, growing and rotated.

#include "watch/log_input.hpp"

#include <filesystem>
#include <fstream>

#include <sys/socket.h>
#include <sys/un.h>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace greenroom;
using namespace greenroom::watch;
using state = log_input::state;

namespace {

std::string line(int seq) {
  return R"({"v":1,"ts":"2026-11-22T13:56:09.858Z","seq":)"
         + std::to_string(seq)
         + R"(,"level":"info","event":"x.y","node":"n1"})";
}

/// A file that nobody can open, not even root.
class listening_file {
public:
  explicit listening_file(const std::string& path)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    REQUIRE(
        ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at)
        == 0);
  }

private:
  unique_fd socket_;
};

struct log_file {
  void writes(const std::string& text) {
    std::ofstream{path, std::ios::binary | std::ios::app} << text;
  }

  /// Until there is nothing more for now.
  state read(log_input& from) {
    auto now = state::more;
    while (now == state::more)
      now = from.read(model);
    return now;
  }

  test::temporary_directory folder;
  std::string path = folder / "log";
  log_model model;

  [[nodiscard]] std::uint64_t lines() const { return model.seen().lines; }
};

} // namespace

TEST_CASE("a file is read to its end, a torn last line included") {
  log_file log;
  log.writes(line(1) + "\n\n" + line(2) + "\r\n" + line(3));
  log_input input{log.path, false};
  CHECK(log.read(input) == state::ended);
  CHECK(log.lines() == 3);
  CHECK(log.model.seen().malformed == 0);
  CHECK(input.share_read() == 1);
}

TEST_CASE("a line that is too long is none, and the next one is one") {
  log_file log;
  std::string longest(log_input::line_bytes_max + 1, 'x');
  log.writes(line(1) + '\n' + longest + '\n' + line(2) + '\n' + longest);
  log_input input{log.path, false};
  CHECK(log.read(input) == state::ended);
  CHECK(log.lines() == 4);
  CHECK(log.model.seen().malformed == 2);
}

TEST_CASE("a file that is followed is read as it grows") {
  log_file log;
  auto torn = line(2);
  log.writes(line(1) + '\n' + torn.substr(0, 20));
  log_input input{log.path, true};
  CHECK(log.read(input) == state::waiting);
  CHECK(log.lines() == 1);
  log.writes(torn.substr(20) + '\n');
  CHECK(log.read(input) == state::waiting);
  CHECK(log.lines() == 2);
  CHECK(log.model.seen().malformed == 0);
}

TEST_CASE("a file that is followed may be rotated") {
  log_file log;
  log.writes(line(1) + '\n');
  log_input input{log.path, true};
  CHECK(log.read(input) == state::waiting);
  SECTION("by another of its name") {
    log.writes(line(2) + '\n'); // The last that went into the first one.
    std::filesystem::rename(log.path, log.path + ".1");
    log.writes(line(3) + '\n');
    CHECK(log.read(input) == state::waiting);
    CHECK(log.lines() == 3);
  }
  SECTION("and its successor comes late") {
    std::filesystem::rename(log.path, log.path + ".1");
    CHECK(log.read(input) == state::waiting);
    log.writes(line(2) + '\n');
    CHECK(log.read(input) == state::waiting);
    CHECK(log.lines() == 2);
  }
  SECTION("by being emptied") {
    std::filesystem::resize_file(log.path, 0);
    CHECK(log.read(input) == state::waiting);
    log.writes(line(2) + '\n');
    CHECK(log.read(input) == state::waiting);
    CHECK(log.lines() == 2);
  }
  CHECK(log.model.seen().malformed == 0);
}

TEST_CASE("what takes the place of a file may be such that nobody can read") {
  log_file log;
  log.writes(line(1) + '\n' + line(2).substr(0, 20));
  log_input input{log.path, true};
  CHECK(log.read(input) == state::waiting);
  std::filesystem::rename(log.path, log.path + ".1");
  listening_file in_its_place{log.path};
  CHECK(log.read(input) == state::waiting);
  CHECK(input.trouble() == "cannot be read: No such device or address");
  CHECK(input.error().empty());
  SECTION("and what it was is read on") {
    std::ofstream{log.path + ".1", std::ios::app} << line(2).substr(20) << '\n';
    CHECK(log.read(input) == state::waiting);
    CHECK(log.lines() == 2);
    CHECK(log.model.seen().malformed == 0);
    CHECK_FALSE(input.trouble().empty());
  }
  SECTION("until it is taken away") {
    std::filesystem::remove(log.path);
    CHECK(log.read(input) == state::waiting);
    CHECK(input.trouble().empty());
    log.writes(line(3) + '\n');
    CHECK(log.read(input) == state::waiting);
    CHECK(log.lines() == 2);
    CHECK(input.trouble().empty());
  }
}

TEST_CASE("what cannot be read is said in a sentence") {
  log_input missing{"/no/such/log", false};
  CHECK(missing.error()
        == "/no/such/log cannot be read: No such file or directory");
  test::temporary_directory folder;
  log_input is_folder{folder / "", false};
  log_model model;
  CHECK(is_folder.read(model) == state::failed);
  CHECK(is_folder.error().find("cannot be read") != std::string::npos);
}
