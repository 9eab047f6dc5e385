#include "actors/loop_crew.hpp"

#include <utility>

#include "actors/gateway.hpp"
#include "actors/keeper.hpp"
#include "actors/pinned.hpp"

namespace greenroom::actors {

namespace {

/// Each has so long to end in order.
constexpr milliseconds shutdown{2'000};

/// Of the actors that there is one of.
constexpr supervision few_supervised{
    .intensity = {5, std::chrono::seconds{10}},
    .pause_least = milliseconds{2},
    .pause_most = milliseconds{100},
};

/// Of those that there are many of.
constexpr supervision many_supervised{
    .intensity = {20, std::chrono::seconds{10}},
    .counts_each = true,
    .pause_least = milliseconds{2},
    .pause_most = milliseconds{200},
};

supervisor::place place_on(loop& home) {
  return {home.timers(), [&home] {
            return home.now();
          }};
}

} // namespace

std::shared_ptr<supervisor> supervisor_of_many(std::string name,
                                               std::uint64_t id,
                                               std::uint64_t parent,
                                               loop& home) {
  auto by = std::make_shared<supervisor>(
      std::move(name), id, parent, place_on(home), many_supervised, nullptr);
  by->take_in_crowd(restart_when::crashed);
  return by;
}

loop_crew::loop_crew(loop& home, const context_ptr& context,
                     std::uint64_t parent,
                     std::function<void(const std::string& why)> escalate) {
  auto number = std::to_string(home.index());
  auto& system = home.system();
  by_ = std::make_shared<supervisor>("loop " + number, system.next_actor_id(),
                                     parent, place_on(home), few_supervised,
                                     std::move(escalate), "loop");
  audiences_ = supervisor_of_many("audiences " + number, system.next_actor_id(),
                                  by_->id(), home);
  by_->tell_birth();
  audiences_->tell_birth();
  keeper_ = neighbour_of<keeper>(spawn_supervised<keeper>(home, by_, context));
  gateway_ =
      neighbour_of<gateway>(spawn_supervised<gateway>(home, by_, context));
  by_->add(supervised_of<keeper>(keeper_.handle()), restart_when::always,
           shutdown);
  by_->add(supervised_of<gateway>(gateway_.handle()), restart_when::always,
           shutdown);
  context->keepers.push_back(keeper_);
  context->audiences.push_back(audiences_);
}

void loop_crew::tell_end() {
  audiences_->tell_end();
  by_->tell_end();
}

void loop_crew::list(std::size_t most, std::vector<tree_entry>& to) const {
  list_children(*by_, most, to);
  list_tree(*audiences_, most, to);
}

} // namespace greenroom::actors
