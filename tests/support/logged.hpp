#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/log.hpp"

namespace greenroom::test {

/// An actor's voice, for those who have none.
struct voice_of final : log::voice {
  explicit voice_of(const log::speaker& who) : is(who) {}
  [[nodiscard]] log::speaker who() const override { return is; }

  log::speaker is;
};

/// Counts the lines of one event while it lives, and keeps the last one.
/// Several may live at once.
class logged final : public log::sink {
public:
  explicit logged(const log::event& what) : what_(what) {
    all().push_back(this);
    log::install(&everybody(), log::level::debug);
  }

  ~logged() override {
    std::erase(all(), this);
    if (all().empty())
      log::install(nullptr, log::level::info);
  }

  logged(const logged&) = delete;
  logged& operator=(const logged&) = delete;

  void write(const log::event& what,
             std::initializer_list<log::field> fields) noexcept override {
    if (what.name != what_.name)
      return;
    ++lines;
    who.reset();
    if (auto speaks = log::who_speaks())
      who = *speaks;
    for (const auto& field : fields)
      if (auto* text = std::get_if<std::string_view>(&field.what)) {
        texts_[std::string{field.name}] = *text;
        seen += std::string{*text} + '\n';
      } else if (auto* number = std::get_if<std::uint64_t>(&field.what)) {
        numbers_[std::string{field.name}] = *number;
      }
  }

  [[nodiscard]] std::string text(const std::string& field) const {
    auto found = texts_.find(field);
    return found == texts_.end() ? "" : found->second;
  }

  [[nodiscard]] std::uint64_t number(const std::string& field) const {
    auto found = numbers_.find(field);
    return found == numbers_.end() ? 0 : found->second;
  }

  int lines = 0;
  std::string seen; ///< Every text of every line.
  /// Who told the last one. Its texts are views of the actor's.
  std::optional<log::speaker> who;

private:
  class crowd final : public log::sink {
  public:
    void write(const log::event& what,
               std::initializer_list<log::field> fields) noexcept override {
      for (auto* each : all())
        each->write(what, fields);
    }
  };

  static std::vector<logged*>& all() {
    static std::vector<logged*> them;
    return them;
  }

  static crowd& everybody() {
    static crowd it;
    return it;
  }

  const log::event& what_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::uint64_t> numbers_;
};

} // namespace greenroom::test
