#include "control/services/discovery_report.h"

#include <algorithm>
#include <utility>

namespace teal::control {
namespace {

using Records = config::DiscoverSource::Records;
using Type = MetricSample::Type;
using Labels = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kRefusedShown = 20;

std::string type_of(const config::DiscoverSource& source) {
  if (source.kind == config::DiscoverSource::Kind::file) return "file";
  switch (source.records) {
    case Records::a: return "a";
    case Records::aaaa: return "aaaa";
    case Records::both: return "both";
    case Records::srv: return "srv";
  }
  return "both";
}

SourceReport report_of(const SourceMemory& memory, WallTime now) {
  SourceReport report;
  report.source = source_text(memory.spec());
  report.type = type_of(memory.spec());
  report.revision = memory.spec().revision;
  report.targets = memory.known().size();
  report.last_success = memory.last_success();
  if (report.last_success) report.age = std::max(Millis{0}, now - *report.last_success);
  report.failing = memory.is_failing();
  report.empty = memory.is_empty();
  report.last_problem = memory.last_problem();
  report.held = memory.held();
  report.refused_total = memory.refused().size();
  for (const auto& [address, why] : memory.refused()) {
    if (report.refused.size() == kRefusedShown) break;
    report.refused.push_back(to_string(address) + " " + why);
  }
  return report;
}

/// What is held back in the groups.
std::uint64_t kept_in(const ServiceEntry& entry) {
  std::uint64_t kept = 0;
  for (const SetChanges& changes : entry.sets.compare(entry.state(), entry.retiring))
    kept += changes.kept;
  return kept;
}

}  // namespace

std::optional<DiscoveryReport> discovery_report(const ServiceEntry& entry, WallTime now) {
  if (!entry.sets.has_sources()) return std::nullopt;
  DiscoveryReport report;
  for (const SourceMemory& memory : entry.sets.sources())
    report.sources.push_back(report_of(memory, now));
  for (auto& [revision, targets] : entry.sets.waiting(entry.state()))
    report.waiting.push_back({revision, targets});
  report.held_out = entry.sets.saved().held_out;
  for (const SetChanges& changes : entry.sets.compare(entry.state(), entry.retiring)) {
    report.left_out += changes.left_out;
    report.kept += changes.kept;
  }
  return report;
}

std::vector<std::string> sources_of(const ServiceEntry& entry, Colour colour,
                                    const Address& address) {
  std::vector<std::string> sources;
  const std::string& revision = entry.state().groups[colour].revision;
  const config::Group& file = entry.config->groups[colour];
  if (file.revision == revision && std::ranges::find(file.targets, address) != file.targets.end())
    sources.emplace_back("config");
  else if (!entry.sets.is_ours(revision, address))
    sources.emplace_back("api");
  const auto kinds = entry.sets.kinds(revision, address);
  sources.insert(sources.end(), kinds.begin(), kinds.end());
  // What drains was let go by whoever brought it.
  if (sources.empty()) sources.emplace_back("none");
  return sources;
}

void add_discovery_metrics(const ServiceEntry& entry, std::vector<MetricSample>& samples) {
  const std::string& service = entry.state().name;
  const auto add = [&](const char* name, const char* help, Type type, Labels labels, double value) {
    labels.insert(labels.begin(), {"service", service});
    samples.push_back({name, help, type, std::move(labels), value});
  };
  if (!entry.sets.has_sources()) return;
  std::uint64_t held = kept_in(entry);
  for (const SourceMemory& memory : entry.sets.sources()) {
    const std::string source = source_text(memory.spec());
    held += memory.held();
    add("teal_discovery_targets", "Targets that the source is believed to name.", Type::gauge,
        {{"source", source}}, static_cast<double>(memory.known().size()));
    add("teal_discovery_empty", "1 while the source's last answer names nobody.", Type::gauge,
        {{"source", source}}, memory.is_empty() ? 1 : 0);
    // Unix time 0 where there was none: an alarm on its age goes off.
    const auto success = memory.last_success().value_or(WallTime{}).time_since_epoch();
    add("teal_discovery_last_success_timestamp_seconds",
        "When the source last answered as a whole.", Type::gauge, {{"source", source}},
        static_cast<double>(success.count()) / 1000);
    add("teal_discovery_refused_total", "Addresses in answers that are not believed.",
        Type::counter, {{"source", source}}, static_cast<double>(memory.refusals()));
    for (const LookFault fault : kLookFaults)
      add("teal_discovery_failures_total", "Looks at the source that failed, by reason.",
          Type::counter, {{"source", source}, {"reason", std::string(to_string(fault))}},
          static_cast<double>(memory.failures(fault)));
  }
  add("teal_discovery_held_removals",
      "Targets that no source names any more and that stay for the time being.", Type::gauge, {},
      static_cast<double>(held));
}

}  // namespace teal::control
