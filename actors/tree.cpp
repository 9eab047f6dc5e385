#include "actors/tree.hpp"

#include <algorithm>

#include "actors/supervisor.hpp"
#include "core/json_text.hpp"

namespace greenroom::actors {

namespace {

tree_entry entry_of(const supervised& who, std::uint64_t restarts) {
  tree_entry out;
  out.id = who.id();
  out.kind = who.kind();
  out.name = who.label();
  out.parent = who.parent();
  out.restarts = restarts;
  out.is_held = who.is_held();
  if (const auto* box = who.gauge())
    out.mailbox = box->depth();
  if (!out.is_held) // Its state may be in disorder.
    who.describe(out);
  return out;
}

std::string json_of(const tree_entry::member& who) {
  return json_text{'['}.text({}, who.user_id).text({}, who.connection_id).end();
}

} // namespace

std::string json_of(const tree_entry& who) {
  json_text out{'{'};
  out.number("id", who.id).text("kind", who.kind).text_if("name", who.name);
  out.number_if("parent", who.parent).number("restarts", who.restarts);
  out.text("state", who.is_held ? "crashed" : "alive");
  out.number_if("mailbox", who.mailbox).number_if("members", who.members);
  out.number_if("here", who.here);
  if (!who.some.empty())
    out.json("some",
             list_of(who.some, [](const auto& each) { return json_of(each); }));
  return out.number_if("more", who.more).end();
}

std::size_t list_children(const supervisor& by, std::size_t most,
                          std::vector<tree_entry>& to) {
  return by.each_child(most, [&](const supervised& who) {
    auto at = to.size();
    to.push_back(entry_of(who, by.restarts_of(who)));
    if (const auto* crew = who.crew()) {
      auto more = list_children(*crew, most, to);
      to[at].more = more;
    }
  });
}

void list_tree(const supervisor& by, std::size_t most,
               std::vector<tree_entry>& to) {
  auto at = to.size();
  to.push_back(entry_of(by, 0));
  auto more = list_children(by, most, to);
  to[at].more = more;
}

std::string tree_json(std::string_view node, std::vector<tree_entry> all) {
  std::ranges::sort(all, {}, &tree_entry::id);
  return json_text{'{'}
      .text("node", node)
      .json("actors",
            list_of(all, [](const auto& each) { return json_of(each); }))
      .end();
}

} // namespace greenroom::actors
