// What `greenroom top` shows and what keys do to it, without a terminal.

#include "watch/top_screen.hpp"

#include "tests/support/catch.hpp"

using namespace greenroom::watch;
using key = key_press::key;

namespace {

constexpr utc_ms start = 1'795'355'769'000;

struct viewer {
  void tells(const std::string& event, const std::string& rest,
             const std::string& level = "info") {
    ++seq;
    model.read(R"({"v":1,"ts":")" + format_time(start + 1'000 * seq)
               + R"(","seq":)" + std::to_string(seq) + R"(,"level":")" + level
               + R"(","event":")" + event + R"(","node":"n1",)" + rest + '}');
  }

  viewer() {
    tells("node.starting", R"("version":"0.1.0","loops":1,"pid":7)");
    tells("actor.spawned", R"("actor":3,"kind":"keeper","parent":2)");
    tells("actor.spawned", room(5, "lobby"));
    tells("actor.spawned", room(6, "den"));
  }

  static std::string room(int id, const std::string& name) {
    return R"("actor":)" + std::to_string(id) + R"(,"kind":"room","name":")"
           + name + R"(","parent":3)";
  }

  std::vector<std::string> sees() {
    std::vector<std::string> out;
    drawn = screen.draw(model.seen(), {"a.log", "live", trouble, now}, size);
    for (const auto& each : drawn)
      out.push_back(each.text());
    return out;
  }

  /// Whether it is on the screen.
  bool sees(const std::string& part) {
    for (const auto& each : sees())
      if (each.find(part) != std::string::npos)
        return true;
    return false;
  }

  /// The row that keys are for.
  std::string chosen() {
    sees();
    for (const auto& line : drawn)
      for (const auto& part : line.parts())
        if (part.how == style::chosen)
          return line.text();
    return {};
  }

  void types(const std::string& text) {
    for (auto x : text)
      screen.press({key::text, std::string{x}});
  }

  void presses(key what) { screen.press({what, {}}); }

  utc_ms seq = 0;
  utc_ms now = start + 60'000;
  std::string trouble;
  log_model model;
  top_screen screen;
  screen_size size{80, 24};
  std::vector<screen_line> drawn;
};

} // namespace

TEST_CASE("the screen is as large as the terminal, whatever that is") {
  viewer who;
  who.tells("actor.crashed",
            viewer::room(5, "lobby") + R"(,"reason":"boom","message":"join")");
  for (std::size_t columns : {1u, 19u, 20u, 80u, 99u, 100u, 101u, 300u})
    for (std::size_t rows : {1u, 4u, 5u, 6u, 15u, 20u, 24u, 100u}) {
      who.size = {columns, rows};
      auto seen = who.sees();
      CHECK(seen.size() == rows);
      for (const auto& line : who.drawn) {
        std::size_t width = 0;
        for (const auto& part : line.parts())
          width += columns_of(part.text);
        CHECK(width == columns);
      }
    }
}

TEST_CASE("a narrow screen shows one pane, a wide one all of them") {
  viewer who;
  who.tells("member.lagging",
            R"("room":"lobby","connection":"c-1","dropped_bytes":2048)");
  CHECK(who.sees("room lobby #5"));
  CHECK_FALSE(who.sees("2.0 KiB dropped"));
  who.size = {140, 40};
  CHECK(who.sees("room lobby #5"));
  CHECK(who.sees("2.0 KiB dropped, 1 time"));
}

TEST_CASE("the head says what is looked at, and how the node is") {
  viewer who;
  auto seen = who.sees();
  CHECK(seen[0].starts_with("greenroom top  a.log  live  4 lines"));
  CHECK(seen[1].starts_with("n1 0.1.0 starting 59.0s, 0 connections"));
}

TEST_CASE("the head says what is amiss with what is looked at") {
  viewer who;
  for (int i = 0; i < 64; ++i)
    who.model.read(R"({"v":1,"ts":"2026-11-22T13:56:09.858Z","seq":1,)"
                   R"("event":"x.y","node":"z)"
                   + std::to_string(i) + "\"}");
  CHECK(who.sees()[0].starts_with(
      "greenroom top  a.log  live  68 lines, 1 node forgotten"));
  who.trouble = "cannot be \x1bread";
  CHECK(who.sees()[0].starts_with(
      "greenroom top  a.log  cannot be \\x1bread  68 lines"));
  CHECK(top_text(who.model.seen(), who.now).find("\n1 node forgotten\n")
        != std::string::npos);
}

TEST_CASE("keys move, and what is chosen stays so as rows come") {
  viewer who;
  CHECK(who.chosen().find("n1 0.1.0") != std::string::npos);
  who.types("jj");
  who.presses(key::down);
  CHECK(who.chosen().find("den") != std::string::npos);
  who.types("k");
  CHECK(who.chosen().find("lobby") != std::string::npos);
  who.tells("actor.spawned", R"("actor":1,"kind":"node")");
  CHECK(who.chosen().find("lobby") != std::string::npos);
  who.tells("actor.exited", viewer::room(5, "lobby") + R"(,"reason":"x")");
  CHECK(who.chosen() != "");
  who.presses(key::home);
  CHECK(who.chosen().find("n1 0.1.0") != std::string::npos);
  who.presses(key::end);
  CHECK(who.chosen().find("den") != std::string::npos);
}

TEST_CASE("a long pane scrolls so that what is chosen is seen") {
  viewer who;
  for (int i = 10; i < 30; ++i)
    who.tells("actor.spawned", viewer::room(i, "r" + std::to_string(i)));
  who.size.rows = 12;
  who.sees(); // What is shown is what keys go by.
  who.presses(key::end);
  CHECK(who.chosen().find("r29") != std::string::npos);
  CHECK_FALSE(who.sees("room lobby"));
  who.presses(key::page_up);
  who.presses(key::page_up);
  who.presses(key::page_up);
  CHECK(who.sees("room lobby"));
}

TEST_CASE("what has much under it is folded, until somebody unfolds it") {
  viewer who;
  for (int i = 10; i < 60; ++i)
    who.tells("actor.spawned", viewer::room(i, "r" + std::to_string(i)));
  CHECK(who.sees("keeper #3  + 52"));
  CHECK_FALSE(who.sees("room lobby"));
  who.types("j ");
  CHECK(who.sees("room lobby"));
  who.presses(key::enter);
  CHECK_FALSE(who.sees("room lobby"));
}

TEST_CASE("a crash unfolds into what its actor did before") {
  viewer who;
  who.tells("actor.crashed",
            viewer::room(5, "lobby") + R"(,"reason":"boom","message":"join")");
  who.tells("actor.flight",
            viewer::room(5, "lobby")
                + R"(,"entry":1,"age_us":1500,"what":"publish")");
  CHECK(who.sees("crashed 55.0s ago: boom"));
  who.types("4");
  CHECK(who.sees("room lobby #5  join: boom"));
  CHECK_FALSE(who.sees("publish"));
  who.presses(key::enter);
  CHECK(who.sees("1.500 ms before  publish"));
}

TEST_CASE("a filter leaves rows out until it is taken away") {
  viewer who;
  who.types("/LOB");
  CHECK(who.sees("only rows with: LOB_"));
  CHECK(who.sees("room lobby"));
  CHECK(who.sees("keeper #3")); // It is above one.
  CHECK_FALSE(who.sees("room den"));
  who.presses(key::erase);
  who.presses(key::enter);
  who.types("q"); // Is a key again.
  CHECK(who.screen.is_over());
  who.presses(key::escape);
  CHECK(who.sees("room den"));
}

TEST_CASE("tab and numbers choose panes, a question mark explains") {
  viewer who;
  who.presses(key::tab);
  CHECK(who.sees("1 line")); // No rates are told: by what lines tell.
  who.types("5");
  CHECK(who.sees(".000Z actor.spawned room den #6"));
  who.presses(key::back_tab);
  CHECK(who.sees("none"));
  who.types("?");
  CHECK(who.sees("pause: what is shown stays as it is"));
  who.types("q");
  CHECK_FALSE(who.screen.is_over());
  who.types("p");
  CHECK(who.screen.is_paused());
  CHECK(who.sees("paused"));
}

TEST_CASE("the busiest rooms are told by their rate") {
  viewer who;
  who.tells("rooms.busiest",
            R"("busiest":"lobby=12.5, den=3","slowest":"c-1 den=2048")");
  auto told = start + 5'000;
  struct moment {
    utc_ms now;
    std::string age;
  };
  for (const auto& [now, age] : {moment{told, ""}, moment{told + 20'000, ""},
                                 moment{told + 20'001, "  20.0s ago"},
                                 moment{told + 3'600'000, "  1h00m ago"}}) {
    who.now = now;
    auto all = top_text(who.model.seen(), now);
    for (const auto* rate : {"12.5/s  lobby", "c-1 den  2.0 KiB/s not sent"})
      CHECK(all.find(rate + age + '\n') != std::string::npos);
    who.types("2");
    CHECK(who.sees("12.5/s  lobby" + age));
    who.types("3");
    CHECK(who.sees("c-1 den  2.0 KiB/s not sent" + age));
  }
}

TEST_CASE("what others chose does nothing to the terminal") {
  viewer who;
  who.tells("actor.spawned", viewer::room(7, R"(\u001b[2J\u202e\u009b)"));
  who.tells("actor.crashed",
            viewer::room(7, "x")
                + R"(,"reason":"\u001b]0;t\u0007","message":"j")");
  who.tells("member.lagging", R"("room":"\u001b[5m","connection":"c\u0000")");
  who.tells("rooms.busiest", R"("busiest":"\u001b[5m=3")");
  who.model.read("\x1b[2J no event");
  who.size = {200, 60};
  auto all = top_text(who.model.seen(), start);
  for (const auto& line : who.sees())
    all += line;
  who.types("/");
  who.screen.press({key::text, "\x1b"});
  all += who.sees().back();
  for (auto x : all)
    CHECK((static_cast<unsigned char>(x) >= 0x20 || x == '\n'));
  CHECK(all.find("\u202e") == std::string::npos);
  CHECK(all.find("\u009b") == std::string::npos);
  CHECK(all.find("\\x1b[5m") != std::string::npos);
}

TEST_CASE("all panes can be had as text") {
  viewer who;
  who.tells("actor.crashed",
            viewer::room(5, "lobby") + R"(,"reason":"boom","message":"join")");
  who.tells("actor.flight", viewer::room(5, "lobby")
                                + R"(,"entry":1,"age_us":9,"what":"publish")");
  auto all = top_text(who.model.seen(), start + 60'000);
  for (const auto* part :
       {"n1 0.1.0 starting", "room lobby #5  crashed 55.0s ago: boom",
        "\nbusiest rooms:\n", "\nslow members:\nnone\n", "\ncrashes:\n",
        "0.009 ms before  publish", "\nlast lines:\n"})
    CHECK(all.find(part) != std::string::npos);
}
