#include "core/typing_table.hpp"

#include <optional>
#include <string>

#include "tests/support/catch.hpp"

using namespace greenroom;
using namespace std::chrono_literals;

namespace {

steady_time at(int ms) {
  return steady_time{} + std::chrono::milliseconds{ms};
}

/// Empty: nobody.
std::string name_of(const std::optional<typing_table::typist>& who) {
  return who ? who->user_id : std::string{};
}

} // namespace

TEST_CASE("[P-4.5] typists end in the order of their deadlines") {
  typing_table table;
  CHECK_FALSE(table.next());
  table.start({"c1", "ann", 1, at(10)});
  table.start({"c2", "bob", 2, at(20)});
  table.start({"c1", "ann", 1, at(30)}); // Goes on.
  CHECK(table.next() == at(20));
  CHECK_FALSE(table.take_overdue(at(19)));
  auto first = table.take_overdue(at(30));
  REQUIRE(first);
  CHECK(first->user_id == "bob");
  CHECK(first->member == 2);
  CHECK(name_of(table.take_overdue(at(30))) == "ann");
  CHECK_FALSE(table.take_overdue(at(99)));
  CHECK_FALSE(table.next());
}

TEST_CASE("[P-4.5] a connection that takes another name ends the first") {
  typing_table table;
  CHECK_FALSE(table.start({"c1", "anon-1", 1, at(10)}));
  CHECK_FALSE(table.start({"c1", "anon-1", 1, at(20)}));
  CHECK(name_of(table.start({"c1", "ann", 1, at(30)})) == "anon-1");
  CHECK_FALSE(table.types("anon-1"));
  CHECK(table.types("ann"));
}

TEST_CASE("[P-4.5] a user types while one of its connections does") {
  typing_table table;
  table.start({"c1", "ann", 1, at(10)});
  table.start({"c2", "ann", 2, at(20)});
  CHECK(name_of(table.stop("c1")) == "ann");
  CHECK(table.types("ann"));
  CHECK_FALSE(table.stop("c1"));
  CHECK(table.types("ann"));
  CHECK(table.stop("c2"));
  CHECK_FALSE(table.types("ann"));
}
