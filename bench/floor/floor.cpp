// floor: the least server that can do the relay job, as the line to measure the
// node against. What it costs is the kernel's, and next to nothing else: one
// thread, one epoll, no actors, no log, no limits, no protocol, one room per
// connection, and no defence against anybody (it trusts wsload, its only
// client, so far that its handshake knows but one answer).
//
//   floor PORT send    one send() per delivery, as soon as a message is read
//   floor PORT joined  all that one turn of the loop brought for a member in
//                      one send(): how much joining can save
//
// A relayed message goes to every member of the room but its sender. Plain
// TCP on 127.0.0.1; ends by a signal.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bench/wsload/frame.hpp"

namespace {

using namespace greenroom::bench;

struct room;

struct client {
  int fd = -1;
  room* in = nullptr;   ///< Null until the handshake is done.
  std::size_t seat = 0; ///< Where it stands in the room's members.
  std::string received; ///< A frame, or a request, that has begun.
  std::string unsent;   ///< What the socket did not take.
  bool gone = false;
};

struct room {
  /// A frame in `pending`; it ends where the next one begins.
  struct frame {
    std::size_t begin;
    client* sender;
  };

  std::vector<client*> members;
  std::string pending; ///< Of this turn.
  std::vector<frame> frames;
};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string unmasked_frame(opcode op, std::string_view payload) {
  char header[header_bytes_max];
  std::string whole(header, write_header(header, op, payload.size(), false));
  return whole.append(payload);
}

/// The value of `room=` in the request line; empty: there is none.
std::string room_id(std::string_view request) {
  const auto line = request.substr(0, request.find("\r\n"));
  constexpr std::string_view key = "room=";
  const auto at = line.find(key);
  if (at == std::string_view::npos)
    return {};
  const auto value = line.substr(at + key.size());
  return std::string(value.substr(0, value.find_first_of(" &")));
}

class server {
public:
  server(std::uint16_t port, bool joins) : joins_(joins) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int one = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0
        || listen(listener_, SOMAXCONN) != 0)
      fail("listen");
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    watch(EPOLL_CTL_ADD, listener_, nullptr, EPOLLIN);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 1024> events;
    for (;;) {
      const int ready = epoll_wait(epoll_, events.data(),
                                   static_cast<int>(events.size()), -1);
      if (ready < 0 && errno != EINTR)
        fail("epoll_wait");
      for (int i = 0; i < ready; ++i)
        on_event(events[static_cast<std::size_t>(i)]);
      for (room* each : std::exchange(busy_rooms_, {}))
        send_joined(*each);
      forget_gone();
    }
  }

private:
  void on_event(const epoll_event& event) {
    auto* who = static_cast<client*>(event.data.ptr);
    if (who == nullptr) {
      accept_all();
      return;
    }
    if ((event.events & EPOLLOUT) != 0)
      send_rest(*who);
    if (!who->gone && (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
      receive(*who);
  }

  void accept_all() {
    for (;;) {
      const int fd =
          accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
          return;
        fail("accept"); // Out of descriptors: no figure would be right.
      }
      const int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      auto* who = new client;
      who->fd = fd;
      watch(EPOLL_CTL_ADD, fd, who, EPOLLIN);
    }
  }

  // -- reading

  /// Everybody shares one buffer; what is left of a frame waits in its client.
  void receive(client& who) {
    const auto kept = who.received.size();
    if (buffer_.size() < kept + read_bytes)
      buffer_.resize(kept + read_bytes);
    std::memcpy(buffer_.data(), who.received.data(), kept);
    const auto got =
        recv(who.fd, buffer_.data() + kept, buffer_.size() - kept, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (got <= 0)
      return drop(who);
    const auto have = kept + static_cast<std::size_t>(got);
    std::size_t used = 0;
    if (who.in == nullptr)
      used = upgrade(who, {buffer_.data(), have});
    if (who.in != nullptr)
      used += consume(who, buffer_.data() + used, have - used);
    if (!who.gone)
      who.received.assign(buffer_.data() + used, have - used);
  }

  /// Gives how many bytes the request had; 0: more are needed.
  std::size_t upgrade(client& who, std::string_view data) {
    const auto end = data.find("\r\n\r\n");
    if (end == std::string_view::npos)
      return 0;
    const auto id = room_id(data);
    if (id.empty() || data.find(sample_key) == std::string_view::npos) {
      std::fputs("floor: no room, or a client that is not wsload\n", stderr);
      drop(who);
      return 0;
    }
    enter(who, id);
    std::string answer = "HTTP/1.1 101 Switching Protocols\r\n"
                         "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: ";
    send_to(who, answer.append(sample_accept).append("\r\n\r\n"));
    return end + 4;
  }

  /// Relays the whole frames in `data`; gives how many bytes they had.
  std::size_t consume(client& who, char* data, std::size_t size) {
    std::size_t used = 0;
    frame_head head;
    while (read_head(data + used, size - used, head)
           && size - used - head.bytes >= head.payload) {
      char* payload = data + used + head.bytes;
      const auto bytes = static_cast<std::size_t>(head.payload);
      used += head.bytes + bytes;
      if (head.op == opcode::close || !head.masked) {
        drop(who);
        break;
      }
      std::uint32_t key;
      std::memcpy(&key, payload - sizeof key, sizeof key);
      apply_mask(payload, bytes, key);
      if (head.op == opcode::text || head.op == opcode::binary)
        relay(who, unmasked_frame(head.op, {payload, bytes}));
    }
    return used;
  }

  // -- relaying

  void relay(client& sender, const std::string& frame) {
    room& in = *sender.in;
    if (!joins_) {
      for (client* member : in.members)
        if (member != &sender)
          send_to(*member, frame);
      return;
    }
    if (in.frames.empty())
      busy_rooms_.push_back(&in);
    in.frames.push_back({in.pending.size(), &sender});
    in.pending += frame;
  }

  /// The end of a turn: everybody gets all of it, senders all but their own.
  void send_joined(room& in) {
    std::unordered_map<client*, std::string> for_senders;
    for (const auto& each : in.frames)
      for_senders.try_emplace(each.sender);
    for (auto& [sender, text] : for_senders)
      for (std::size_t i = 0; i < in.frames.size(); ++i)
        if (in.frames[i].sender != sender)
          text += frame_text(in, i);
    for (client* member : in.members) {
      const auto sender = for_senders.find(member);
      if (sender == for_senders.end())
        send_to(*member, in.pending);
      else if (!sender->second.empty())
        send_to(*member, sender->second);
    }
    in.pending.clear();
    in.frames.clear();
  }

  static std::string_view frame_text(const room& in, std::size_t i) {
    const auto begin = in.frames[i].begin;
    const auto end =
        i + 1 < in.frames.size() ? in.frames[i + 1].begin : in.pending.size();
    return std::string_view(in.pending).substr(begin, end - begin);
  }

  // -- sending

  void send_to(client& who, std::string_view bytes) {
    if (!who.unsent.empty()) {
      who.unsent += bytes;
      return;
    }
    const auto taken =
        send(who.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken == static_cast<ssize_t>(bytes.size()))
      return;
    // Also where the client is gone: its socket turns readable, and says so.
    who.unsent = bytes.substr(taken < 0 ? 0 : static_cast<std::size_t>(taken));
    watch(EPOLL_CTL_MOD, who.fd, &who, EPOLLIN | EPOLLOUT);
  }

  void send_rest(client& who) {
    const auto taken =
        send(who.fd, who.unsent.data(), who.unsent.size(), MSG_NOSIGNAL);
    if (taken > 0)
      who.unsent.erase(0, static_cast<std::size_t>(taken));
    if (who.unsent.empty())
      watch(EPOLL_CTL_MOD, who.fd, &who, EPOLLIN);
  }

  // -- members

  void enter(client& who, const std::string& id) {
    auto& in = rooms_[id];
    if (!in)
      in = std::make_unique<room>();
    who.in = in.get();
    who.seat = in->members.size();
    in->members.push_back(&who);
  }

  void drop(client& who) {
    who.gone = true;
    ::close(who.fd);
    gone_.push_back(&who); // This turn's frames may name it as their sender.
    if (who.in == nullptr)
      return;
    auto& members = who.in->members;
    members[who.seat] = members.back();
    members[who.seat]->seat = who.seat;
    members.pop_back();
  }

  void forget_gone() {
    for (client* each : std::exchange(gone_, {}))
      delete each;
  }

  void watch(int change, int fd, client* who, std::uint32_t what) {
    epoll_event event{what, {}};
    event.data.ptr = who;
    if (epoll_ctl(epoll_, change, fd, &event) != 0)
      fail("epoll_ctl");
  }

  static constexpr std::size_t read_bytes = 512 * 1024;

  bool joins_;
  int listener_ = -1;
  int epoll_ = -1;
  std::vector<char> buffer_ = std::vector<char>(read_bytes);
  std::unordered_map<std::string, std::unique_ptr<room>> rooms_;
  std::vector<room*> busy_rooms_;
  std::vector<client*> gone_;
};

void raise_file_limit() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

} // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc == 3 ? argv[2] : "";
  const int port = argc == 3 ? std::atoi(argv[1]) : 0;
  if (port <= 0 || port > 65'535 || (how != "send" && how != "joined")) {
    std::fputs("usage: floor PORT send|joined\n", stderr);
    return 2;
  }
  try {
    raise_file_limit();
    server{static_cast<std::uint16_t>(port), how == "joined"}.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "floor: %s\n", error.what());
    return 1;
  }
}
