#include "app/settings_file.hpp"

#include <fstream>
#include <iterator>
#include <optional>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "core/setting_shapes.hpp"

namespace greenroom::app {

namespace {

/// What TOML has to hold for a setting, for errors.
std::string_view toml_type(setting_type type) {
  switch (type) {
  case setting_type::boolean:
    return "true or false";
  case setting_type::number:
    return "a whole number";
  case setting_type::bytes:
    return "a whole number, or a text as in \"64KiB\"";
  case setting_type::duration:
    return "a text with a unit, as in \"5s\"";
  case setting_type::list:
    return "a list of texts, as in [\"a\", \"b\"]";
  case setting_type::text:
  case setting_type::choice:
    return "a text in quotes";
  }
  return "";
}

std::optional<std::string> text_of_list(const toml::array* elements) {
  if (elements == nullptr)
    return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& element : *elements) {
    const auto* text = element.as_string();
    // A comma would make two of it; no list takes elements with commas.
    if (text == nullptr || text->get().find(',') != std::string::npos)
      return std::nullopt;
    texts.push_back(text->get());
  }
  return print_list(texts, ",");
}

/// The value as `assign` reads it; none where TOML's type is not the setting's.
std::optional<std::string> text_of_node(const toml::node& node,
                                        setting_type type) {
  if (type == setting_type::boolean) {
    if (const auto* value = node.as_boolean())
      return value->get() ? "true" : "false";
    return std::nullopt;
  }
  if (type == setting_type::list)
    return text_of_list(node.as_array());
  if (const auto* value = node.as_integer())
    if (type == setting_type::number || type == setting_type::bytes
        || type == setting_type::duration)
      return std::to_string(value->get());
  if (const auto* value = node.as_string();
      value && type != setting_type::number)
    return value->get();
  return std::nullopt;
}

class reader {
public:
  reader(const std::string& path, settings_draft& into)
    : path_(path), into_(into) {}

  std::vector<std::string> read() {
    std::ifstream file{path_, std::ios::binary};
    if (file) // A folder opens, and fails when it is read.
      file.peek();
    if (!file)
      return {path_ + ": the file cannot be read"};
    std::string content{std::istreambuf_iterator<char>{file}, {}};
    auto parsed = toml::parse(content, path_);
    if (!parsed)
      fail(parsed.error().source(), std::string{parsed.error().description()});
    else
      take(parsed.table());
    return std::move(errors_);
  }

private:
  void take(const toml::table& top) {
    for (const auto& [key, node] : top)
      if (key.str() == "namespaces" && node.is_table())
        take_namespaces(*node.as_table());
      else
        take_section(std::string{key.str()}, node);
  }

  void take_namespaces(const toml::table& all) {
    for (const auto& [key, node] : all) {
      auto name = std::string{key.str()};
      const auto& shape = setting_shapes::namespace_name;
      if (!shape.fits(name))
        fail(node.source(), "namespaces." + in_quotes(name)
                                + ": the name of a namespace is "
                                + std::string{shape.words});
      else if (!node.is_table())
        take_value("namespaces." + name, node);
      else {
        into_.add_namespace(name);
        take_section("namespaces." + name, node);
      }
    }
  }

  void take_section(const std::string& section, const toml::node& node) {
    const auto* keys = node.as_table();
    if (keys == nullptr)
      return take_value(section, node);
    for (const auto& [key, value] : *keys)
      take_value(section + '.' + std::string{key.str()}, value);
  }

  void take_value(const std::string& name, const toml::node& node) {
    auto where = resolve_setting(name);
    if (!where)
      return fail(node.source(), name + ": " + where.error().text);
    auto type = where->what->type;
    auto text = text_of_node(node, type);
    if (!text)
      return fail(node.source(),
                  name + " has to be " + std::string{toml_type(type)});
    if (auto taken = into_.set(*where, *text); !taken)
      fail(node.source(), name + ": " + taken.error().text);
  }

  void fail(const toml::source_region& where, const std::string& what) {
    auto line = where.begin.line;
    errors_.push_back(path_ + ':' + std::to_string(line) + ": " + what);
  }

  const std::string& path_;
  settings_draft& into_;
  std::vector<std::string> errors_;
};

} // namespace

std::vector<std::string> read_settings_file(const std::string& path,
                                            settings_draft& into) {
  return reader{path, into}.read();
}

} // namespace greenroom::app
