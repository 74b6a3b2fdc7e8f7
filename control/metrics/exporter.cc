#include "control/metrics/exporter.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "control/metrics/build_info.h"

namespace teal::control {
namespace {

using Labels = MetricFamilies::Labels;

constexpr const char* kPhaseHelp =
    "1 for the status of the service's running deployment, and for why it waits.";

constexpr std::array<Status, 8> kStatuses{Status::created, Status::queued, Status::in_progress,
                                          Status::baking,  Status::ready,  Status::succeeded,
                                          Status::failed,  Status::stopped};

constexpr std::array<std::string_view, 4> kWaits{"Gated", "Paused", "Holding", "Watching"};

double share(Weight weight) {
  return static_cast<double>(weight.basis_points()) / Weight::kWhole;
}

/// A series that will be divided by or alarmed on is there with its stream, so that an increase is
/// seen; the others when they have something to say.
bool is_always_there(Origin origin, std::size_t code) {
  return origin == Origin::target && (code == 2 || code == 5);
}

void add_grpc(MetricFamilies& families, const Labels& stream, const GrpcCounts& calls) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (calls[i] == 0) continue;
    Labels labels = stream;
    labels.emplace_back("grpc_code", to_string(static_cast<GrpcStatus>(i)));
    families.counter("teal_grpc_calls_total", "Finished calls of gRPC by status.", labels,
                     static_cast<double>(calls[i]));
  }
}

void add_latencies(MetricFamilies& families, const Labels& stream,
                   const TrafficCounters& counters) {
  if (counters.duration.count() > 0)
    families.histogram("teal_request_duration_seconds",
                       "From the whole request head to the last byte of the response.", stream,
                       counters.duration);
  if (counters.given_up.count() > 0)
    families.histogram(
        "teal_request_given_up_seconds",
        "From the whole request head until the client went away without its response.", stream,
        counters.given_up);
  if (counters.first_byte.count() > 0)
    families.histogram("teal_request_first_byte_seconds",
                       "From the whole request head to the response head.", stream,
                       counters.first_byte);
}

void add_targets(MetricFamilies& families, const GroupReport& group, const Labels& labels) {
  double healthy = 0;
  for (const TargetReport& target : group.targets) {
    Labels named = labels;
    named.emplace_back("target", to_string(target.state.address));
    const bool accepts = target.state.accepts_requests();
    healthy += accepts ? 1 : 0;
    families.gauge("teal_target_healthy", "1 while the probes find the target healthy.", named,
                   target.state.health == Health::healthy ? 1 : 0);
    families.gauge("teal_target_accepting",
                   "1 while the target gets requests: healthy, not ejected, not draining.", named,
                   accepts ? 1 : 0);
  }
  families.gauge("teal_group_targets", "Registered targets of the group.", labels,
                 static_cast<double>(group.targets.size()));
  families.gauge("teal_group_targets_accepting", "Targets of the group that get requests.", labels,
                 healthy);
}

void add_comparison(MetricFamilies& families, const std::string& service,
                    const AlarmReport& alarm) {
  if (!alarm.comparison) return;
  const health::ComparisonReport& report = *alarm.comparison;
  const Labels labels{{"service", service}, {"alarm", alarm.name}};
  families.gauge("teal_judge_log_e_value",
                 "Natural logarithm of the e-value against 'the release is not worse'.", labels,
                 report.log_e);
  families.gauge("teal_judge_log_e_value_needed", "What it has to reach for a rollback.", labels,
                 report.log_e_needed);
  families.gauge("teal_judge_log_certificate",
                 "Natural logarithm of the e-value for 'the release is not worse', of this step.",
                 labels, report.non_inferiority_log_e);
  families.gauge("teal_judge_log_certificate_needed", "What it has to reach to go on.", labels,
                 report.non_inferiority_log_e_needed);
  if (report.ratio_low)
    families.gauge(
        "teal_judge_ratio_low",
        "Lower end of the always-valid interval of the release's rate of bad requests over "
        "the live group's.",
        labels, *report.ratio_low);
  if (report.ratio_high)
    families.gauge("teal_judge_ratio_high", "Its upper end.", labels, *report.ratio_high);
  if (report.more_requests)
    families.gauge("teal_judge_more_requests_needed",
                   "About how many more requests of both groups a certificate takes.", labels,
                   static_cast<double>(*report.more_requests));
  const std::pair<const char*, const health::ComparisonReport::Group*> kGroups[] = {
      {"release", &report.release}, {"live", &report.live}};
  for (const auto& [role, group] : kGroups) {
    Labels named = labels;
    named.emplace_back("role", role);
    families.gauge("teal_judge_bad_requests", "Bad requests that the comparison has taken.", named,
                   static_cast<double>(group->bad));
  }
}

std::string joined(const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) text += (text.empty() ? "" : ", ") + path;
  return text;
}

void add_alarm(MetricFamilies& families, const std::string& service, const AlarmReport& alarm) {
  const std::pair<const char*, bool> kVerdicts[] = {
      {"healthy", std::holds_alternative<health::Healthy>(alarm.verdict)},
      {"breached", std::holds_alternative<health::Breached>(alarm.verdict)},
      {"not_enough_evidence", std::holds_alternative<health::NotEnoughEvidence>(alarm.verdict)}};
  for (const auto& [verdict, is_so] : kVerdicts)
    families.gauge("teal_judge_verdict",
                   "1 for the present verdict of the running deployment's alarm.",
                   {{"service", service},
                    {"alarm", alarm.name},
                    {"verdict", verdict},
                    {"observed", alarm.observed ? "true" : "false"}},
                   is_so ? 1 : 0);
  if (alarm.counts) {
    ErrorMeaning statuses = *alarm.counts;
    const std::vector<std::string> paths = std::exchange(statuses.paths, {});
    families.gauge("teal_judge_errors_info",
                   "1 for an alarm that counts as errors something else than every 5xx.",
                   {{"service", service},
                    {"alarm", alarm.name},
                    {"errors", to_string(statuses)},
                    {"paths", joined(paths)}},
                   1);
  }
  add_comparison(families, service, alarm);
}

}  // namespace

void add_traffic(MetricFamilies& families, const TrafficReading& reading) {
  const TrafficKey& key = reading.key;
  const TrafficCounters& counters = reading.counters;
  if (reading.active == 0 && counters.requests == RequestCounts{}) return;
  const Labels stream{{"service", key.service},
                      {"group", std::string(to_string(key.colour))},
                      {"revision", key.revision},
                      {"audience", std::string(to_string(key.audience))}};
  for (const Origin origin : kOrigins) {
    for (std::size_t code = 1; code <= TrafficCounters::kClasses; ++code) {
      const std::uint64_t count = counters.requests[static_cast<std::size_t>(origin)][code - 1];
      if (count == 0 && !is_always_there(origin, code)) continue;
      Labels labels = stream;
      labels.emplace_back("code", std::to_string(code) + "xx");
      labels.emplace_back("origin", to_string(origin));
      families.counter("teal_requests_total",
                       "Finished requests by status class and by who made the answer.", labels,
                       static_cast<double>(count));
    }
  }
  families.counter("teal_retries_total", "Upstream attempts beyond the first.", stream,
                   static_cast<double>(counters.retries));
  families.counter("teal_shielded_requests_total",
                   "Requests that failed on the group, a release, and were asked of the live one.",
                   stream, static_cast<double>(counters.shielded));
  families.gauge("teal_requests_active", "Requests in flight in a group now.", stream,
                 static_cast<double>(reading.active));
  add_grpc(families, stream, reading.grpc);
  add_latencies(families, stream, counters);
}

void add_service(MetricFamilies& families, const ServiceReport& service,
                 const DeploymentReport* running) {
  for (const Colour colour : kColours) {
    const GroupReport& group = service.groups[colour];
    const Labels labels{{"service", service.name}, {"group", std::string(to_string(colour))}};
    families.gauge("teal_split_asked_ratio", "The group's share of the traffic as asked.", labels,
                   share(service.split.of(colour)));
    if (group.measured)
      families.gauge("teal_split_measured_ratio",
                     "The group's share of the traffic over the last ten seconds.", labels,
                     *group.measured);
    families.gauge("teal_group_live", "1 for the group that is live.", labels,
                   service.live == colour ? 1 : 0);
    families.gauge("teal_group_panicking",
                   "1 while so few targets are healthy that health is ignored.", labels,
                   group.panicking ? 1 : 0);
    families.gauge("teal_group_requests_in_flight", "Requests in flight in the group.", labels,
                   static_cast<double>(group.in_flight.requests));
    families.gauge("teal_group_oldest_request_seconds",
                   "Age of the oldest request in flight in the group, as of the last second.",
                   labels, static_cast<double>(group.in_flight.oldest.count()) / 1e6);
    Labels revision = labels;
    revision.emplace_back("revision", group.revision);
    if (!group.revision.empty())
      families.gauge("teal_group_revision_info", "The revision that the group runs.", revision, 1);
    add_targets(families, group, labels);
  }
  families.gauge("teal_fallback_registered",
                 "1 while a release stays after a rollback into a group that served nobody.",
                 {{"service", service.name}}, service.fallback ? 1 : 0);
  families.gauge("teal_fallback_serving",
                 "1 while such a release serves, because no target of the live group is healthy.",
                 {{"service", service.name}}, service.fallback && service.fallback->serves ? 1 : 0);
  for (const Status status : kStatuses)
    families.gauge("teal_deployment_phase", kPhaseHelp,
                   {{"service", service.name}, {"phase", std::string(to_string(status))}},
                   running != nullptr && running->status == status ? 1 : 0);
  for (const std::string_view wait : kWaits)
    families.gauge("teal_deployment_phase", kPhaseHelp,
                   {{"service", service.name}, {"phase", std::string(wait)}},
                   running != nullptr && running->phase == wait ? 1 : 0);
  if (running == nullptr) return;
  for (const AlarmReport& alarm : running->alarms) add_alarm(families, service.name, alarm);
}

void add_target(MetricFamilies& families, const TargetReading& reading) {
  const Labels target{{"service", reading.key.service},
                      {"group", std::string(to_string(reading.key.colour))},
                      {"target", reading.key.target}};
  const auto with = [&](const char* label, std::string value) {
    Labels labels = target;
    labels.emplace_back(label, std::move(value));
    return labels;
  };
  for (std::size_t i = 0; i < reading.answers.size(); ++i)
    families.counter(
        "teal_target_requests_total", "Attempts that the target answered, by status class.",
        with("code", std::to_string(i + 1) + "xx"), static_cast<double>(reading.answers[i]));
  for (std::size_t i = 0; i < reading.faults.size(); ++i) {
    const auto failure = static_cast<Failure>(i);
    if (failure == Failure::none || failure == Failure::status) continue;
    const bool is_client = i == TargetReading::kClientGone;
    families.counter("teal_target_failures_total",
                     "Attempts that came to no whole answer of the target, by reason.",
                     with("reason", is_client ? "client_gone" : std::string(to_string(failure))),
                     static_cast<double>(reading.faults[i]));
  }
  families.histogram("teal_target_first_byte_seconds",
                     "From the attempt's begin to the target's response head.", target,
                     reading.latency, reading.latency_micros);
}

void add_process(MetricFamilies& families, const ProcessFigures& process) {
  families.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", {},
                 static_cast<double>(process.resident_memory_bytes));
  families.gauge("process_open_fds", "Number of open file descriptors.", {},
                 static_cast<double>(process.open_fds));
  families.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                   {}, process.cpu_seconds);
  families.gauge("process_start_time_seconds", "Start time of the process since the Unix epoch.",
                 {}, static_cast<double>(process.started.time_since_epoch().count()) / 1e3);
  const BuildInfo build = build_info();
  families.gauge("teal_build_info", "What was built; the value is always 1.",
                 {{"version", std::string(build.version)},
                  {"revision", std::string(build.revision)},
                  {"compiler", std::string(build.compiler)}},
                 1);
}

void add_scrape(MetricFamilies& families) {
  const MetricFamilies::Dropped dropped = families.dropped();
  const std::size_t limit = families.limit();
  families.open_end();
  const char* const kHelp = "Lines left out of this scrape: over the limit, or in conflict.";
  families.gauge("teal_exporter_samples_dropped", kHelp, {{"reason", "limit"}},
                 static_cast<double>(dropped.over_limit));
  families.gauge("teal_exporter_samples_dropped", kHelp, {{"reason", "conflict"}},
                 static_cast<double>(dropped.conflicts));
  families.gauge("teal_exporter_samples_limit", "How many lines a scrape has at most.", {},
                 static_cast<double>(limit));
}

}  // namespace teal::control
