#pragma once

// Who lives in a node, as the living tell it: the other account is its log.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace greenroom::actors {

class supervisor;

/// An actor or a supervisor, named as in the log.
struct tree_entry {
  struct member {
    std::string user_id; ///< Empty: nobody knows.
    std::string connection_id;
  };

  std::uint64_t id = 0;
  std::string kind;
  std::string name;
  std::uint64_t parent = 0; ///< 0: nobody.
  std::uint64_t restarts = 0;
  bool is_held = false;      ///< It crashed, and has not begun anew yet.
  std::uint64_t mailbox = 0; ///< So much waits for it, where that is known.
  std::uint64_t more = 0;    ///< Children that are not listed.

  // -- of a room
  std::uint64_t members = 0; ///< In the whole cluster, as far as it knows.
  std::uint64_t here = 0;    ///< On this node.
  std::vector<member> some;  ///< Of those, `some_max` at most.

  static constexpr std::size_t some_max = 12;
};

/// Those that the supervisor looks after, and those under them; of those that
/// are many, `most` under each: those that are held, then the oldest. Gives how
/// many of its own are left out. On their thread.
std::size_t list_children(const supervisor& by, std::size_t most,
                          std::vector<tree_entry>& to);

/// The same with the supervisor itself, which nobody starts anew.
void list_tree(const supervisor& by, std::size_t most,
               std::vector<tree_entry>& to);

/// `{"id":7,"kind":"room",…}`: what `greenroom replay-log --json` tells of it
/// as well, and what else is known. What is 0 is left out.
[[nodiscard]] std::string json_of(const tree_entry& who);

/// `{"node":"n-1","actors":[…]}`, by id.
[[nodiscard]] std::string tree_json(std::string_view node,
                                    std::vector<tree_entry> all);

} // namespace greenroom::actors
