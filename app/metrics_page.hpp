#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "app/node_counts.hpp"

namespace greenroom::app {

/// The metrics of a node as Prometheus reads them: adds up what each loop has
/// counted. Costs some hundred microseconds, whatever the node does.
class metrics_page final : public prometheus::Collectable {
public:
  explicit metrics_page(metric_sources from);

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

  [[nodiscard]] std::string text() const;

  static constexpr std::string_view type =
      "text/plain; version=0.0.4; charset=utf-8";

private:
  metric_sources from_;
  std::chrono::system_clock::time_point started_;
};

} // namespace greenroom::app
