#include "watch/picture_json.hpp"

#include <string_view>

#include "core/json_text.hpp"
#include "watch/printable.hpp"
#include "watch/words.hpp"

namespace greenroom::watch {

namespace {

std::string json_of(const actor& who) {
  json_text out{'{'};
  out.number("id", who.id).text("kind", who.kind).text_if("name", who.name);
  return out.number_if("parent", who.parent)
      .number("restarts", who.restarts)
      .text("state", to_string(who.state))
      .text("since", format_time(who.since))
      .number_if("mailbox", who.mailbox)
      .text_if("why", who.why)
      .end();
}

std::string json_of(const crash& what) {
  json_text out{'{'};
  out.text("at", format_time(what.at)).number("id", what.id);
  return out.text("kind", what.kind)
      .text_if("name", what.name)
      .text("reason", what.reason)
      .text("message", what.message)
      .json("flight", list_of(what.flight,
                              [](const crash::entry& each) {
                                return json_text{'{'}
                                    .number("age_us", each.age_us)
                                    .text("what", each.what)
                                    .end();
                              }))
      .end();
}

std::string json_of(const told_rate& what) {
  return json_text{'{'}
      .text("name", what.name)
      .rate("per_second", what.per_second)
      .end();
}

std::string json_of(const slow_member& who) {
  return json_text{'{'}
      .text("room", who.room)
      .text("connection", who.connection)
      .number("times", who.times)
      .number("dropped_bytes", who.dropped_bytes)
      .text("last", format_time(who.last))
      .end();
}

template <class Items>
std::string json_list(const Items& items) {
  return list_of(items, [](const auto& each) { return json_of(each); });
}

std::string json_of(const life& its) {
  json_text out{'{'};
  out.text("node", its.node)
      .text_if("version", its.version)
      .number_if("pid", its.pid)
      .text("phase", to_string(its.is))
      .text("began", format_time(its.began))
      .text("last", format_time(its.last))
      .number("seq", its.seq)
      .number("lost", its.lost);
  out.json("connections", std::to_string(its.connections()))
      .flag("connections_exact", its.knows_connections())
      .number_if("forgotten", its.forgotten())
      .text_if("store_failure", its.store_failure);
  out.json("held_back", list_of(its.held_back, [](const auto& each) {
             return json_text{'{'}
                 .text("of", each.first)
                 .number("lines", each.second)
                 .end();
           }));
  out.json("bus", list_of(its.links, [](const auto& each) {
             return json_text{'{'}
                 .text("endpoint", each.first)
                 .text("state", to_string(each.second.is))
                 .text("since", format_time(each.second.since))
                 .text_if("why", each.second.why)
                 .end();
           }));
  out.json("peers", list_of(its.peers, [](const auto& each) {
             return json_text{'{'}
                 .text("node", each.first)
                 .text("is", each.second.how)
                 .text("since", format_time(each.second.since))
                 .end();
           }));
  out.json("actors", list_of(its.actors(), [](const auto& each) {
             return json_of(each.second);
           }));
  out.json("exited", json_list(its.exited))
      .json("crashes", json_list(its.crashes));
  if (its.busiest_at != 0)
    out.text("busiest_at", format_time(its.busiest_at));
  return out.json("busiest", json_list(its.busiest))
      .json("slowest", json_list(its.slowest))
      .json("slow", json_list(its.slow))
      .end();
}

} // namespace

std::string picture_json(const log_picture& what) {
  json_text out{'{'};
  if (what.last != 0)
    out.text("at", format_time(what.last));
  out.number("lines", what.lines)
      .number("malformed", what.malformed)
      .number_if("forgotten", what.forgotten)
      .json("nodes", list_of(what.nodes, [](const auto& each) {
              return json_of(each.second);
            }));
  return printable_json(out.end());
}

} // namespace greenroom::watch
