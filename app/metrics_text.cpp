#include "app/settings_text.hpp"
#include "core/metrics.hpp"

namespace greenroom::app {

namespace {

std::string_view name_of(metric_type type) {
  switch (type) {
  case metric_type::counter:
    return "counter";
  case metric_type::gauge:
    return "gauge";
  case metric_type::histogram:
    return "histogram";
  }
  return {};
}

std::string labels_of(std::string_view names) {
  std::string out;
  for (std::size_t from = 0; from < names.size();) {
    auto space = std::min(names.find(' ', from), names.size());
    out += (out.empty() ? "`" : ", `")
           + std::string{names.substr(from, space - from)} + '`';
    from = space + 1;
  }
  return out;
}

} // namespace

std::string metrics_text() {
  std::string out =
      R"(<!-- Made by `greenroom --print-metrics`; a test compares the two. -->

# Metrics

The listener for operators (`admin.address`, `admin.port`) serves these as
`/metrics`, in the text format of Prometheus. A scrape reads numbers that the
loops count anyway: it holds none of them up, and may come as often as you like.

Names are never changed. No label names a room, a user or a connection, so the
number of series depends on the number of loops alone. Which rooms are busy and
who is slow is at `/top` of the same listener:
[operations](operations.md#metrics).

| metric | type | unit | labels | meaning |
| --- | --- | --- | --- | --- |
)";
  for (const auto* each : metrics::all) {
    out += "| `" + std::string{each->name} + "` | "
           + std::string{name_of(each->type)} + " | " + std::string{each->unit}
           + " | " + labels_of(each->labels) + " | "
           + std::string{each->meaning} + " |\n";
  }
  return out;
}

} // namespace greenroom::app
