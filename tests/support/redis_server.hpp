#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.hpp"

namespace greenroom::test {

/// A port of 127.0.0.1 that nobody listens on at the moment.
[[nodiscard]] std::uint16_t free_port();

/// Runs a program to its end, without a shell; gives its exit status.
int run(const std::vector<std::string>& command);

/// A redis-server of the test's own, with nothing on disk: on a free port and a
/// socket, which it keeps when it is started again. Ends with this object.
class redis_server {
public:
  /// `more` are further arguments, as `--requirepass x`. With `plain` false it
  /// listens on no port of its own (see `--tls-port`).
  explicit redis_server(std::vector<std::string> more = {}, bool plain = true);
  ~redis_server();
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  /// Returns when it accepts clients. Throws if it does not within 10 s.
  void start();

  /// SIGKILL: no goodbye to anybody.
  void kill();

  [[nodiscard]] bool is_running() const { return process_ != 0; }

  /// SIGSTOP: its connections stay, and nothing answers.
  void freeze();
  void thaw();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string socket() const { return directory_ / "redis.sock"; }
  [[nodiscard]] std::string url() const {
    return "redis://127.0.0.1:" + std::to_string(port_);
  }

private:
  std::vector<std::string> command() const;

  temporary_directory directory_;
  std::vector<std::string> more_;
  std::uint16_t port_;
  bool plain_;
  pid_t process_ = 0;
};

/// A Redis Sentinel of the test's own, which takes a master for dead after
/// 300 ms, alone or with `quorum - 1` others. Ends with this object.
class redis_sentinel {
public:
  /// Knows the server at `master` as `mymaster`. `more` are further lines of
  /// its configuration.
  explicit redis_sentinel(std::uint16_t master, int quorum = 1,
                          const std::vector<std::string>& more = {});
  ~redis_sentinel();
  redis_sentinel(const redis_sentinel&) = delete;
  redis_sentinel& operator=(const redis_sentinel&) = delete;

  void kill();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// As in a URL.
  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(port_);
  }

private:
  temporary_directory directory_;
  std::uint16_t port_;
  pid_t process_ = 0;
};

/// A certificate authority in a directory, and a key and certificate that it
/// signed for `host` (`DNS:name` or `IP:address`).
struct certificates {
  explicit certificates(const std::string& host);

  temporary_directory in;
  std::string ca, certificate, key;
};

} // namespace greenroom::test
