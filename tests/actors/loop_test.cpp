#include "actors/loop.hpp"

#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/manual_loop.hpp"

using namespace greenroom;
using namespace greenroom::test;

namespace {

/// Something to run that notes it was.
class note final : public caf::resumable {
public:
  note(std::vector<int>& in, int number) : in_(in), number_(number) {}

  resume_result resume(caf::execution_unit*, std::size_t) override {
    in_.push_back(number_);
    return awaiting_message;
  }
  void intrusive_ptr_add_ref_impl() override {}
  void intrusive_ptr_release_impl() override { ++released; }

  int released = 0;

private:
  std::vector<int>& in_;
  int number_;
};

} // namespace

TEST_CASE("what other threads schedule runs once, in the order of each") {
  constexpr int threads = 4;
  constexpr int each = 2'000;
  quiet_system system;
  manual_loop loop{system};
  std::vector<int> ran;
  std::vector<std::unique_ptr<note>> notes;
  for (int i = 0; i < threads * each; ++i)
    notes.push_back(std::make_unique<note>(ran, i));

  std::vector<std::thread> others;
  for (int t = 0; t < threads; ++t)
    others.emplace_back([&, t] {
      for (int i = 0; i < each; ++i)
        loop.exec_later(notes[static_cast<std::size_t>(t * each + i)].get());
    });
  while (ran.size() < notes.size())
    loop.run_turn();
  for (auto& other : others)
    other.join();
  loop.run();

  REQUIRE(ran.size() == notes.size());
  std::vector<int> next(threads);
  for (auto number : ran) {
    auto of = static_cast<std::size_t>(number / each);
    REQUIRE(number % each == next[of]++);
  }
  for (const auto& one : notes)
    REQUIRE(one->released == 1);
}
