// What the Reloader tells of itself: in GET /v1/config, in /readyz and in the metrics.
#include <algorithm>

#include "app/reload/reloader.h"

namespace teal::app {
namespace {

using control::ConfigRow;
using control::ReloadResult;

bool is_success(ReloadResult result) {
  return result != ReloadResult::invalid && result != ReloadResult::refused &&
         result != ReloadResult::failed;
}

}  // namespace

control::ConfigReport Reloader::report() const {
  const ConfigRow& row = history_.current();
  return {.path = source_.path,
          .generation = row.generation,
          .digest = row.digest,
          .at = row.at,
          .by = row.by,
          .is_diverged = is_diverged_,
          .confirm_within = left_to_confirm(),
          .last = last_};
}

std::optional<std::string> Reloader::warning() const {
  if (!why_not_back_.empty())
    return "generation " + std::to_string(history_.current().generation) +
           " of the configuration was not confirmed in time and cannot be taken back yet: " +
           why_not_back_;
  if (const auto left = left_to_confirm())
    return "generation " + std::to_string(history_.current().generation) +
           " of the configuration is taken back in " + format_duration(*left) +
           " unless it is confirmed: `teal config confirm`";
  if (is_diverged_)
    return "Teal runs on an earlier configuration than the file's, and a restart would go over to "
           "the file's: correct " +
           source_.path + " and `teal reload`";
  return std::nullopt;
}

std::vector<MetricSample> Reloader::samples() const {
  using Type = MetricSample::Type;
  std::vector<MetricSample> samples;
  const auto gauge = [&](const char* name, const char* help, double value) {
    samples.push_back(
        {.name = name, .help = help, .type = Type::gauge, .labels = {}, .value = value});
  };
  const ConfigRow& row = history_.current();
  gauge("teal_config_generation", "Which generation of the configuration Teal runs on.",
        static_cast<double>(row.generation));
  samples.push_back({.name = "teal_config_info",
                     .help = "The digest of the configuration that Teal runs on.",
                     .type = Type::gauge,
                     .labels = {{"digest", row.digest}},
                     .value = 1});
  gauge("teal_config_diverged",
        "1: an earlier configuration was brought back, and the file says something else.",
        is_diverged_ ? 1 : 0);
  gauge("teal_config_last_reload_successful", "1: the last reload was, or there was none.",
        !last_ || is_success(last_->result) ? 1 : 0);
  const WallTime at = last_ ? last_->at : row.at;
  gauge("teal_config_last_reload_timestamp_seconds",
        "When the configuration was loaded last, or that was tried, in Unix time.",
        std::chrono::duration<double>(at.time_since_epoch()).count());
  for (const ReloadResult result :
       {ReloadResult::applied, ReloadResult::unchanged, ReloadResult::invalid,
        ReloadResult::refused, ReloadResult::failed, ReloadResult::rolled_back})
    samples.push_back({.name = "teal_config_reloads_total",
                       .help = "Reloads of the configuration, by result.",
                       .type = Type::counter,
                       .labels = {{"result", std::string(to_string(result))}},
                       .value = static_cast<double>(counts_[static_cast<std::size_t>(result)])});
  return samples;
}

}  // namespace teal::app
