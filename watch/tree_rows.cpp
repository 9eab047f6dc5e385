#include "watch/tree_rows.hpp"

#include <algorithm>

#include "watch/printable.hpp"
#include "watch/words.hpp"

namespace greenroom::watch {

namespace {

/// Lines may tell of any chain of parents; a node's is five long.
constexpr int depth_max = 16;

char lower(char x) {
  return x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x;
}

class tree_drawing {
public:
  tree_drawing(const life& its, const tree_choice& how,
               std::vector<tree_row>& to)
    : its_(its), how_(how), rows_(to) {}

  void draw() {
    auto roots = its_.children(0);
    rows_.push_back({&its_, nullptr, {}, roots.size(), false});
    rows_.back().is_folded = folds(nullptr, roots.size());
    if (!rows_.back().is_folded)
      draw_all(roots, {}, 0);
  }

private:
  bool folds(const actor* who, std::size_t children) const {
    return how_.filter.empty() && how_.folds && children > 0
           && how_.folds(its_, who, children);
  }

  void draw_all(const std::vector<const actor*>& all, const std::string& above,
                int depth) {
    for (const auto* each : all)
      draw_one(*each, above, each == all.back(), depth);
  }

  void draw_one(const actor& who, const std::string& above, bool is_last,
                int depth) {
    auto at = rows_.size();
    auto count = its_.count_of_children(who.id);
    auto branch = above + (is_last ? "└── " : "├── ");
    rows_.push_back({&its_, &who, std::move(branch), count, false});
    rows_[at].is_folded = folds(&who, count) || depth >= depth_max;
    if (!rows_[at].is_folded && count > 0)
      draw_all(its_.children(who.id), above + (is_last ? "    " : "│   "),
               depth + 1);
    bool has_no_heir = rows_.size() == at + 1;
    if (has_no_heir && !has_part(title_of(who), how_.filter))
      rows_.pop_back();
  }

  const life& its_;
  const tree_choice& how_;
  std::vector<tree_row>& rows_;
};

} // namespace

bool has_part(std::string_view text, std::string_view part) {
  auto same = [](char a, char b) {
    return lower(a) == lower(b);
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same)
             != text.end()
         || part.empty();
}

std::vector<tree_row> tree_rows(const log_picture& of, const tree_choice& how) {
  std::vector<tree_row> rows;
  for (const auto& [name, its] : of.nodes)
    tree_drawing{its, how, rows}.draw();
  return rows;
}

std::string tree_text(const log_picture& of) {
  std::string out;
  for (const auto& row : tree_rows(of, {})) {
    if (row.who == nullptr) {
      out += printable(summary_of(*row.its, row.its->last)) + '\n';
      continue;
    }
    out += row.branch + printable(title_of(*row.who));
    if (auto trouble = trouble_of(*row.who, row.its->last); !trouble.empty())
      out += "  " + printable(trouble);
    out += '\n';
  }
  return out + forgotten_text(of);
}

std::string forgotten_text(const log_picture& of) {
  return of.forgotten == 0 ? ""
                           : counted(of.forgotten, "node") + " forgotten\n";
}

} // namespace greenroom::watch
