#include "core/log.hpp"

#include <array>
#include <csignal>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "core/events.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/logged.hpp"

using namespace greenroom;

namespace {

#ifndef NDEBUG
struct ending {
  int status = 0;
  std::string last_words;
};

/// How a process ends that does this.
template <class Action>
ending ending_of(Action action) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL); // Not Catch's, nor a sanitizer's.
    action();
    ::_exit(0);
  }
  ::close(ends[1]);
  ending out;
  std::array<char, 256> buffer{};
  for (ssize_t got; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
    out.last_words.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(ends[0]);
  REQUIRE(::waitpid(child, &out.status, 0) == child);
  return out;
}
#endif

} // namespace

TEST_CASE("an actor speaks while its scope lives, scopes nest") {
  CHECK_FALSE(log::who_speaks());
  test::voice_of room{{12, "room", "lobby", 3}};
  test::voice_of connection{{13, "connection", "", 4, true}};
  auto speaks = [] {
    return log::who_speaks().value().actor;
  };
  {
    log::speaking outer{room};
    CHECK(speaks() == 12);
    {
      log::speaking inner{connection};
      CHECK(speaks() == 13);
    }
    CHECK(speaks() == 12);
    std::thread{[] {
      CHECK_FALSE(log::who_speaks());
    }}.join();
  }
  CHECK_FALSE(log::who_speaks());
}

TEST_CASE("what an actor tells can be seen to be told by it") {
  test::logged closed{events::listener_closed};
  test::voice_of room{{12, "room", "lobby", 3}};
  log::emit(events::listener_closed, {{"loop", 1}});
  CHECK_FALSE(closed.who);
  log::speaking scope{room};
  log::emit(events::listener_closed, {{"loop", 1}});
  REQUIRE(closed.who);
  CHECK(closed.who->actor == 12);
  CHECK(closed.who->kind == "room");
  CHECK(closed.who->name == "lobby");
  CHECK(closed.who->parent == 3);
}

#ifndef NDEBUG
TEST_CASE("a debug build ends where a line is not what is declared") {
  auto good = ending_of([] {
    log::emit(events::listener_closed, {{"loop", 1}});
  });
  CHECK(good.status == 0);
  CHECK(good.last_words.empty());
  // Nobody listens, and the level is below the least: no matter.
  auto bad = ending_of([] {
    log::install(nullptr, log::level::error);
    log::emit(events::listener_closed, {{"loop", "first"}});
  });
  REQUIRE(WIFSIGNALED(bad.status));
  CHECK(WTERMSIG(bad.status) == SIGABRT);
  CHECK(bad.last_words
        == "greenroom: event listener.closed: `loop` is no count\n");
}
#endif
