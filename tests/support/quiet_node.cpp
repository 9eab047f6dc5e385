#include "tests/support/quiet_node.hpp"

#include <algorithm>
#include <optional>

namespace greenroom::test {

quiet_node::quiet_node(settings config, std::uint32_t loops)
  : context(std::make_shared<actors::node_context>()) {
  context->config = std::move(config);
  context->verify = [this](std::string_view token, std::int64_t at) {
    return verify(token, at);
  };
  for (std::uint32_t i = 0; i < loops; ++i) {
    loops_.push_back(std::make_unique<manual_loop>(system_, i));
    context->loops.push_back(loops_.back().get());
  }
  for (std::uint32_t i = 0; i < loops; ++i) {
    crews_.push_back(std::make_unique<actors::loop_crew>(
        *loops_[i], context, 0,
        [this](const std::string& why) { escalated.push_back(why); }));
    gateways_.push_back(crews_.back()->clients().handle());
  }
  run();
}

quiet_node::~quiet_node() {
  // Actors hold handles to each other: each is ended by its owner, as in a
  // node, or the actor system would wait for them forever.
  for (const auto& wire : wires_)
    wire->hangs_up();
  run();
  for (const auto& end : ends_)
    end();
  for (const auto& crew : crews_)
    crew->by()->stop(nullptr);
  run();
  context->audiences.clear();
  crews_.clear();
  gateways_.clear();
  context->keepers.clear();
  context->cluster = nullptr;
}

token_verdict quiet_node::verify(std::string_view token,
                                 std::int64_t at) const {
  if (token.starts_with("user-")) {
    claims who;
    who.user_id = token;
    return who;
  }
  auto known = tokens.find(std::string{token});
  if (known == tokens.end())
    return token_refused{"unknown"};
  if (known->second.expires_at && at >= *known->second.expires_at)
    return token_refused{"expired"};
  return known->second;
}

void quiet_node::run() {
  auto busy = [](auto& loop) {
    return loop->is_busy();
  };
  do
    for (auto& loop : loops_)
      loop->run();
  while (std::any_of(loops_.begin(), loops_.end(), busy));
}

void quiet_node::advance(milliseconds by) {
  run(); // What is under way belongs to the time before.
  auto end = now() + by;
  auto pass_to = [&](steady_time when) {
    auto step = std::chrono::ceil<milliseconds>(when - now());
    for (auto& loop : loops_)
      loop->skip(std::max(step, 0ms));
    run();
  };
  for (;;) {
    std::optional<steady_time> next;
    for (auto& loop : loops_)
      if (auto due = loop->timers().next(); due && (!next || *due < *next))
        next = due;
    if (!next || *next > end)
      break;
    pass_to(*next);
  }
  pass_to(end);
}

guest quiet_node::arrive(actors::client_hello hello, std::uint32_t loop) {
  auto wire = std::make_shared<fake_wire>(*loops_[loop],
                                          context->config.limits.unsent_bytes);
  wires_.push_back(wire);
  guest who{*this, wire, hello};
  caf::anon_send(gateways_[loop],
                 actors::client_arrived{wire, std::move(hello)});
  run();
  return who;
}

guest quiet_node::connect(std::string token, std::uint32_t loop) {
  actors::client_hello hello;
  hello.token = std::move(token);
  return arrive(std::move(hello), loop);
}

guest quiet_node::connect_msgpack(std::string token, std::uint32_t loop) {
  actors::client_hello hello;
  hello.token = std::move(token);
  hello.encoding = protocol::encoding::msgpack;
  return arrive(std::move(hello), loop);
}

guest quiet_node::connect_relay(std::string token, std::string room,
                                std::uint32_t loop) {
  actors::client_hello hello;
  hello.space = room_space::relay;
  hello.token = std::move(token);
  hello.rooms = {std::move(room)};
  return arrive(std::move(hello), loop);
}

guest quiet_node::member(std::string token, std::string_view room,
                         std::uint32_t loop) {
  auto who = connect(std::move(token), loop);
  who.joins(room);
  advance(context->config.of({}).presence_interval);
  who.sees();
  return who;
}

} // namespace greenroom::test
