#include "tests/support/redis_server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

extern char** environ;

namespace greenroom::test {

namespace {

using namespace std::chrono_literals;

[[noreturn]] void give_up(int code, const char* what) {
  throw std::system_error{code, std::generic_category(), what};
}

/// `output` becomes its standard output; -1: it has none.
pid_t spawn(std::vector<std::string> command, int output) {
  std::vector<char*> argv;
  for (auto& part : command)
    argv.push_back(part.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  if (output >= 0)
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  else
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null",
                                     O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY,
                                   0);
  pid_t process = 0;
  auto failed =
      posix_spawnp(&process, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0)
    give_up(failed, argv[0]);
  return process;
}

/// Until it has said `word`.
void wait_for(std::string_view word, int output) {
  auto deadline = std::chrono::steady_clock::now() + 10s;
  std::string said;
  while (said.find(word) == std::string::npos) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{output, POLLIN, 0};
    char buffer[4096];
    if (left <= 0ms || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0)
      throw std::runtime_error{"redis-server is not ready: " + said};
    auto size = ::read(output, buffer, sizeof buffer);
    if (size <= 0)
      throw std::runtime_error{"redis-server ended: " + said};
    said.append(buffer, static_cast<std::size_t>(size));
  }
}

void end(pid_t process) {
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
}

pid_t spawn_and_wait(std::vector<std::string> command, std::string_view word) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0)
    give_up(errno, "pipe");
  auto process = spawn(std::move(command), pipe[1]);
  ::close(pipe[1]);
  try {
    wait_for(word, pipe[0]);
  } catch (...) {
    ::close(pipe[0]);
    end(process);
    throw;
  }
  // What it logs later fails there; Redis does not mind.
  ::close(pipe[0]);
  return process;
}

} // namespace

std::uint16_t free_port() {
  auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof any;
  auto* address = reinterpret_cast<sockaddr*>(&any);
  auto good = fd >= 0 && ::bind(fd, address, size) == 0
              && ::getsockname(fd, address, &size) == 0;
  ::close(fd);
  if (!good)
    give_up(errno, "free_port");
  return ntohs(any.sin_port);
}

int run(const std::vector<std::string>& command) {
  int status = 0;
  ::waitpid(spawn(command, -1), &status, 0);
  return status;
}

redis_server::redis_server(std::vector<std::string> more, bool plain)
  : more_(std::move(more)), port_(free_port()), plain_(plain) {
  start();
}

redis_server::~redis_server() {
  kill();
}

std::vector<std::string> redis_server::command() const {
  // Must not outlive a test that is killed.
  std::vector<std::string> to{
      "setpriv",       "--pdeathsig", "KILL",
      "redis-server",  "--port",      plain_ ? std::to_string(port_) : "0",
      "--bind",        "127.0.0.1",   "--unixsocket",
      socket(),        "--save",      "",
      "--appendonly",  "no",          "--dir",
      directory_ / "."};
  to.insert(to.end(), more_.begin(), more_.end());
  return to;
}

void redis_server::start() {
  process_ = spawn_and_wait(command(), "eady to accept connections");
}

void redis_server::kill() {
  if (process_ != 0)
    end(std::exchange(process_, 0));
}

void redis_server::freeze() {
  ::kill(process_, SIGSTOP);
}

void redis_server::thaw() {
  ::kill(process_, SIGCONT);
}

redis_sentinel::redis_sentinel(std::uint16_t master, int quorum,
                               const std::vector<std::string>& more)
  : port_(free_port()) {
  auto file = directory_ / "sentinel.conf"; // It writes there what it learns.
  std::ofstream to{file};
  to << "port " << port_ << "\nbind 127.0.0.1\ndir " << directory_ / "."
     << "\nsentinel monitor mymaster 127.0.0.1 " << master << ' ' << quorum
     << "\nsentinel down-after-milliseconds mymaster 300\n"
        "sentinel failover-timeout mymaster 2000\n";
  for (const auto& line : more)
    to << line << '\n';
  to.close();
  process_ = spawn_and_wait(
      {"setpriv", "--pdeathsig", "KILL", "redis-server", file, "--sentinel"},
      "+monitor master");
}

redis_sentinel::~redis_sentinel() {
  kill();
}

void redis_sentinel::kill() {
  if (process_ != 0)
    end(std::exchange(process_, 0));
}

certificates::certificates(const std::string& host)
  : ca(in / "ca.pem"), certificate(in / "redis.pem"), key(in / "redis.key") {
  auto request = in / "redis.csr";
  std::ofstream{in / "names"} << "subjectAltName=" << host << '\n';
  auto failed =
      run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
           "2", "-subj", "/CN=Test CA", "-keyout", in / "ca.key", "-out", ca})
      + run({"openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj",
             "/CN=redis", "-keyout", key, "-out", request})
      + run({"openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey",
             in / "ca.key", "-CAcreateserial", "-days", "2", "-extfile",
             in / "names", "-out", certificate});
  if (failed != 0)
    throw std::runtime_error{"openssl could not make certificates"};
}

} // namespace greenroom::test
