#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <hiredis/hiredis.h>

#include "core/unique_fd.hpp"

namespace greenroom::test {

/// As much of a Redis as a bus needs, on a thread: it confirms a subscription
/// to the channel "reluctant" only when that is left again.
class reluctant_redis {
public:
  reluctant_redis()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    if (::bind(listener_.get(), address, size) != 0
        || ::listen(listener_.get(), 8) != 0
        || ::getsockname(listener_.get(), address, &size) != 0)
      throw std::runtime_error{"reluctant_redis"};
    port_ = ntohs(at.sin_port);
    accepts_ = std::thread{[this] {
      accept();
    }};
  }

  ~reluctant_redis() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    accepts_.join();
    for (const auto& each : clients_)
      ::shutdown(each.get(), SHUT_RDWR);
    for (auto& each : threads_)
      each.join();
  }

  [[nodiscard]] std::string url() const {
    return "redis://127.0.0.1:" + std::to_string(port_);
  }

  /// Somebody subscribed to "reluctant".
  [[nodiscard]] bool is_asked() const { return asked_; }

private:
  void accept() {
    for (;;) {
      unique_fd client{::accept(listener_.get(), nullptr, nullptr)};
      if (client.get() < 0)
        return;
      threads_.emplace_back([this, fd = client.get()] { serve(fd); });
      clients_.push_back(std::move(client));
    }
  }

  void serve(int fd) {
    std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader{
        redisReaderCreate(), redisReaderFree};
    char bytes[4096];
    for (ssize_t size; (size = ::read(fd, bytes, sizeof bytes)) > 0;) {
      redisReaderFeed(reader.get(), bytes, static_cast<std::size_t>(size));
      for (void* read = nullptr;
           redisReaderGetReply(reader.get(), &read) == REDIS_OK && read;) {
        auto* command = static_cast<redisReply*>(read);
        std::vector<std::string> words;
        for (std::size_t i = 0; i < command->elements; ++i)
          words.emplace_back(command->element[i]->str);
        freeReplyObject(command);
        auto said = answer(words);
        (void)!::send(fd, said.data(), said.size(), MSG_NOSIGNAL);
      }
    }
  }

  std::string answer(const std::vector<std::string>& words) {
    if (words[0] == "PING")
      return "+PONG\r\n";
    if (words[0] == "PUBLISH")
      return ":0\r\n";
    if (words[0] == "UNSUBSCRIBE")
      return pushed("subscribe", words[1]) + pushed("unsubscribe", words[1]);
    if (words[0] != "SUBSCRIBE")
      return "+OK\r\n";
    std::string to;
    for (std::size_t i = 1; i < words.size(); ++i)
      if (words[i] == "reluctant")
        asked_ = true;
      else
        to += pushed("subscribe", words[i]);
    return to;
  }

  static std::string pushed(const std::string& what,
                            const std::string& channel) {
    auto text = [](const std::string& of) {
      return '$' + std::to_string(of.size()) + "\r\n" + of + "\r\n";
    };
    return "*3\r\n" + text(what) + text(channel) + ":1\r\n";
  }

  unique_fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> asked_ = false;
  std::vector<unique_fd> clients_;
  std::vector<std::thread> threads_;
  std::thread accepts_;
};

} // namespace greenroom::test
