#include "core/settings_draft.hpp"

#include "core/nearest.hpp"
#include "core/setting_shapes.hpp"

namespace greenroom {

namespace {

constexpr std::string_view namespaces_prefix = "namespaces.";

setting_error unknown(std::string_view nearest_name) {
  return {"unknown setting; did you mean " + std::string{nearest_name} + "?"};
}

std::string nearest_room_key(std::string_view key) {
  std::vector<std::string> keys;
  for (const auto& row : settings_table())
    if (row.per_namespace())
      keys.emplace_back(row.key());
  return nearest(key, keys);
}

/// `NAME.KEY`, what stands behind `namespaces.`.
setting_result<setting_ref> resolve_in_namespace(std::string_view rest) {
  auto dot = rest.find('.');
  auto name = rest.substr(0, dot);
  const auto& shape = setting_shapes::namespace_name;
  if (!shape.fits(name))
    return setting_error{"the name of a namespace is "
                         + std::string{shape.words}};
  auto key = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
  const auto* row = find_setting("rooms." + std::string{key});
  if (row == nullptr || !row->per_namespace())
    return unknown(std::string{namespaces_prefix} + std::string{name} + '.'
                   + nearest_room_key(key));
  return setting_ref{row, std::string{name}};
}

/// Who forgot the section meets the key: `port` is near `net.port`.
std::string nearest_name(std::string_view name) {
  for (const auto& row : settings_table())
    if (row.key() == name)
      return std::string{row.name};
  return nearest(name, setting_names());
}

} // namespace

setting_result<setting_ref> resolve_setting(std::string_view name) {
  if (name.starts_with(namespaces_prefix))
    return resolve_in_namespace(name.substr(namespaces_prefix.size()));
  if (const auto* row = find_setting(name))
    return setting_ref{row, {}};
  return unknown(nearest_name(name));
}

setting_result<void> settings_draft::set(const setting_ref& where,
                                         std::string_view text) {
  if (where.name_space.empty())
    return assign(all_but_namespaces_, *where.what, text);
  settings scratch;
  auto good = assign(scratch, *where.what, text);
  if (good)
    namespaces_[where.name_space][where.what] = text;
  return good;
}

setting_result<void> settings_draft::set(std::string_view name,
                                         std::string_view text) {
  auto where = resolve_setting(name);
  if (!where)
    return where.error();
  return set(*where, text);
}

void settings_draft::add_namespace(std::string_view name) {
  namespaces_.try_emplace(std::string{name});
}

settings settings_draft::finish() const {
  auto all = all_but_namespaces_;
  for (const auto& [name, values] : namespaces_) {
    auto seen = all_but_namespaces_;
    for (const auto& [row, text] : values)
      (void)assign(seen, *row, text); // `set` let only good ones in.
    all.namespaces[name] = seen.rooms;
  }
  return all;
}

settings seen_by(const settings& all, std::string_view name_space) {
  auto seen = all;
  static_cast<room_settings&>(seen.rooms) = all.of(name_space);
  return seen;
}

} // namespace greenroom
