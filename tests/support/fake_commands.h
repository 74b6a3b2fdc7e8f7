// FakeCommands: control as a script. Services and deployments are plain maps; every command is
// written down in `calls` and does the simplest thing that a report can show. A command that is
// not answered at once waits in `pending` where `hold` is set.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/deploy/alertmanager.h"
#include "control/deploy/commands.h"

namespace teal::control::testing {

class FixedClock final : public Clock {
 public:
  Mono mono() const override { return Mono{}; }
  WallTime wall() const override { return now; }

  WallTime now{Millis{1'795'400'048'123}};  // 2026-11-23T02:14:08.123Z
};

inline ApiError missing(const std::string& what) {
  return {404, "no-such-" + what, "There is no such " + what, "it is not known", "look it up"};
}

class FakeCommands final : public Commands {
 public:
  ApiResult<DeploymentReport> deploy(const std::string& service,
                                     const config::DeploymentRequest& request,
                                     const std::string& idempotency_key,
                                     const std::string& as_sent) override {
    calls.push_back("deploy " + service + " " + request.revision + " key=" + idempotency_key);
    texts_as_sent.push_back(as_sent);
    if (refusal) return *refusal;
    DeploymentReport report;
    report.id = "d-" + std::to_string(deployments_.size() + 1);
    report.service = service;
    report.revision = request.revision;
    report.targets = request.targets;
    for (const config::Alarm& alarm : request.deploy.alarms)
      report.alarms.push_back({alarm.name, "as told", health::Healthy{}});
    deployments_[report.id] = report;
    services_.at(service).deployment = report.id;
    return report;
  }

  void command(const DeploymentId& id, Command command, Done<DeploymentReport> done,
               bool force) override {
    calls.push_back("command " + id + " " + std::to_string(static_cast<int>(command)) +
                    (force ? " force" : ""));
    const auto answer = [this, id]() -> ApiResult<DeploymentReport> {
      if (refusal) return *refusal;
      const auto found = deployments_.find(id);
      if (found == deployments_.end()) return missing("deployment");
      return found->second;
    };
    finish([answer, done] { done(answer()); });
  }

  void rollback(const std::string& service, Done<DeploymentReport> done, bool force) override {
    calls.push_back("rollback " + service + (force ? " force" : ""));
    finish([this, service, done] {
      if (refusal) return done(*refusal);
      for (const auto& [id, report] : deployments_)
        if (report.service == service) return done(report);
      done(missing("deployment"));
    });
  }

  void set_split(const std::string& service, Split split, std::optional<std::uint64_t> if_match,
                 Done<ServiceReport> done) override {
    calls.push_back("split " + service + " " + to_string(split) +
                    (if_match ? " if=" + std::to_string(*if_match) : ""));
    ServiceReport& report = services_.at(service);
    if (if_match && *if_match != report.version)
      return done(ApiError{412, "version-mismatch", "The service has changed", "", "read again"});
    report.split = split;
    ++report.version;
    finish([report, done] { done(report); });
  }

  ApiResult<ServiceReport> put_target(const std::string& service, Colour colour,
                                      const Address& address) override {
    calls.push_back("put " + service + " " + std::string(to_string(colour)) + " " +
                    to_string(address));
    return services_.at(service);
  }

  ApiResult<ServiceReport> delete_target(const std::string& service, Colour colour,
                                         const Address& address, bool force) override {
    calls.push_back("delete " + service + " " + std::string(to_string(colour)) + " " +
                    to_string(address) + (force ? " force" : ""));
    if (refusal) return *refusal;
    return services_.at(service);
  }

  ApiResult<std::size_t> set_external_alarm(const std::string& name, const std::string& service,
                                            bool firing, const std::string& why) override {
    calls.push_back("alarm " + name + " " + service + (firing ? " firing " : " resolved ") + why);
    if (!alarms.contains(name)) return missing("alarm");
    // In words: as an aggregate, an ApiError could be made of a number too.
    return ApiResult<std::size_t>(boost::system::in_place_value, 1U);
  }

  ApiResult<std::size_t> resolve_alarm(const std::string& name,
                                       const std::string& service) override {
    calls.push_back("resolve " + name + " " + service);
    if (!alarms.contains(name)) return missing("alarm");
    return ApiResult<std::size_t>(boost::system::in_place_value, 1U);
  }

  AlertsReport take_alerts(const AlertBatch& batch) override {
    AlertsReport report;
    for (const Alert& alert : batch.alerts) {
      const std::string name = name_of(alert);
      calls.push_back("alert " + name + (alert.firing ? " firing " : " resolved ") + alert.why);
      if (alarms.contains(name))
        ++report.matched;
      else
        report.unmatched.push_back(name);
    }
    return report;
  }

  ApiResult<std::vector<ExternalAlarmReport>> external_alarms(
      const std::string& service) const override {
    std::vector<ExternalAlarmReport> reports;
    for (const ExternalAlarmReport& each : outside)
      if (service.empty() || each.service == service) reports.push_back(each);
    return reports;
  }

  std::vector<ServiceReport> services() const override {
    std::vector<ServiceReport> all;
    for (const auto& [name, report] : services_) all.push_back(report);
    return all;
  }

  ApiResult<ServiceReport> service(const std::string& name) const override {
    const auto found = services_.find(name);
    if (found == services_.end()) return missing("service");
    return found->second;
  }

  ApiResult<std::vector<DeploymentReport>> deployments(const std::string& service,
                                                       std::size_t limit) const override {
    std::vector<DeploymentReport> all;
    for (auto it = deployments_.rbegin(); it != deployments_.rend() && all.size() < limit; ++it)
      if (it->second.service == service) all.push_back(it->second);
    return all;
  }

  ApiResult<DeploymentReport> deployment(const DeploymentId& id) const override {
    const auto found = deployments_.find(id);
    if (found == deployments_.end()) return missing("deployment");
    return found->second;
  }

  ApiResult<EvidenceReport> evidence(const DeploymentId& id) const override {
    const auto found = deployments_.find(id);
    if (found == deployments_.end()) return missing("deployment");
    return EvidenceReport{found->second, evidence_};
  }
  ApiResult<ReplayReport> replay(const DeploymentId& id,
                                 const ReplaySettings& settings) const override {
    const auto found = deployments_.find(id);
    if (found == deployments_.end()) return missing("deployment");
    ReplayReport report{found->second, settings, {}, evidence_.events().size(), 0};
    ReplayedAlarm alarm;
    alarm.name = "worse";
    alarm.condition = "as told";
    alarm.breached_at = Micros{1'500'000};
    alarm.verdict = health::Breached{"errors are 9 times as frequent"};
    report.alarms.push_back(std::move(alarm));
    return report;
  }

  const std::deque<Announcement>& announcements() const override { return announced; }
  EventId last_event() const override { return {"store", number_}; }
  std::uint64_t subscribe(std::function<void(const Announcement&)> listener) override {
    listeners[++tokens_] = std::move(listener);
    return tokens_;
  }
  void unsubscribe(std::uint64_t token) override { listeners.erase(token); }

  std::map<std::string, std::uint64_t> versions;  ///< Of services that stay as they are.
  std::vector<ServiceCondition> conditions_;

  std::vector<MetricSample> metrics() const override { return samples; }
  std::vector<MetricSample> service_metrics(const std::string& service) const override {
    const auto found = samples_of.find(service);
    return found == samples_of.end() ? std::vector<MetricSample>() : found->second;
  }
  std::vector<std::string> service_names() const override {
    std::vector<std::string> names;
    for (const auto& [name, report] : services_) names.push_back(name);
    return names;
  }
  std::vector<std::string> service_names_after(const std::string& after,
                                               std::size_t limit) const override {
    std::vector<std::string> names;
    for (auto each = services_.upper_bound(after); each != services_.end() && names.size() < limit;
         ++each)
      names.push_back(each->first);
    return names;
  }
  std::uint64_t service_version(const std::string& service) const override {
    const auto found = versions.find(service);
    return found == versions.end() ? 0 : found->second;
  }
  std::vector<ServiceCondition> conditions() const override { return conditions_; }
  const config::Deploy* deploy_defaults(const std::string& service) const override {
    return services_.contains(service) ? &defaults : nullptr;
  }
  const std::map<std::string, std::string>& parked() const override { return parked_services; }
  bool store_is_healthy() const override { return store_healthy; }

  std::map<std::string, std::string> parked_services;

  void announce(std::string type, std::string text) {
    Announcement announcement;
    announcement.id = {"store", ++number_};
    announcement.type = std::move(type);
    announcement.text = std::move(text);
    announced.push_back(announcement);
    for (const auto& [token, listener] : listeners) listener(announcement);
  }

  std::vector<std::string> calls, texts_as_sent;
  std::map<std::string, ServiceReport> services_;
  std::map<DeploymentId, DeploymentReport> deployments_;
  Evidence evidence_;
  std::map<std::string, bool> alarms;
  std::vector<ExternalAlarmReport> outside;
  std::deque<Announcement> announced;
  std::map<std::uint64_t, std::function<void(const Announcement&)>> listeners;
  std::vector<MetricSample> samples;
  std::map<std::string, std::vector<MetricSample>> samples_of;  ///< By service.
  config::Deploy defaults;
  std::optional<ApiError> refusal;
  bool store_healthy = true;
  bool hold = false;
  std::vector<std::function<void()>> pending;

 private:
  void finish(std::function<void()> answer) {
    if (hold)
      pending.push_back(std::move(answer));
    else
      answer();
  }

  std::uint64_t tokens_ = 0;
  std::uint64_t number_ = 0;
};

/// A service in mid-canary, as an operator would see it.
inline void add_canary(FakeCommands& commands, WallTime now) {
  const auto target = [&](std::uint16_t port, Health health) {
    TargetReport report;
    report.state.address = {Address::Kind::ip4, "10.0.0.1", port};
    report.state.health = health;
    report.state.reason = health == Health::healthy ? "probe: 200" : "probe: connection refused";
    report.since = now;
    return report;
  };
  ServiceReport shop;
  shop.name = "shop";
  shop.version = 7;
  shop.split = Split::with(Colour::green, Weight{1250});
  GroupReport& blue = shop.groups[Colour::blue];
  blue.live = true;
  blue.revision = "v41";
  blue.targets = {target(8080, Health::healthy), target(8081, Health::healthy)};
  blue.asked = Weight{8750};
  blue.measured = 0.8741;
  blue.requests_per_second = 1203.4;
  blue.error_rate = 0.0;
  blue.p50_ms = 1.2;
  blue.p99_ms = 4.0;
  blue.requests = 36102;
  GroupReport& green = shop.groups[Colour::green];
  green.colour = Colour::green;
  green.revision = "v42";
  green.targets = {target(9080, Health::healthy), target(9081, Health::unhealthy)};
  green.asked = Weight{1250};
  green.measured = 0.1259;
  green.requests_per_second = 173.2;
  green.error_rate = 0.0031;
  green.p50_ms = 1.3;
  green.p99_ms = 251.5;
  green.requests = 812;
  green.errors = 3;
  shop.deployment = "d-3";
  commands.services_["shop"] = shop;

  DeploymentReport running;
  running.id = "d-3";
  running.service = "shop";
  running.status = Status::baking;
  running.phase = "Baking";
  running.revision = "v42";
  running.replaces = "v41";
  running.plan = {"custom",
                  {config::SetWeight{Weight{1250}}, config::Bake{std::chrono::minutes{5}},
                   config::Gate{"approval", std::nullopt, config::Gate::OnTimeout::stop}}};
  running.step = 1;
  running.weight = Weight{1250};
  running.created = now - std::chrono::minutes{2};
  running.step_ends = now + Millis{192'000};
  running.alarms = {
      {"errors", "error_rate > 1% over 30s", health::Healthy{}},
      {"slow", "latency_p99 > 250ms over 30s", health::Breached{"latency_p99 251.5ms > 250ms"}},
      {"outside", "external", health::NotEnoughEvidence{"nobody has spoken"}}};
  running.alarms[0].counts = ErrorMeaning{.errors = {{500, 599}, {404, 404}}, .paths = {"/api"}};
  running.timeline = {{now - std::chrono::minutes{2}, Status::created, "created"},
                      {now - std::chrono::minutes{1}, Status::baking, "shift to 12.5%"}};
  commands.deployments_["d-3"] = running;
}

/// One alarm that fires since before the running deployment, and one of another service that is
/// well.
inline std::vector<ExternalAlarmReport> fired_alarms(WallTime now) {
  ExternalAlarmReport fired;
  fired.service = "shop";
  fired.name = "HighErrorRate";
  fired.definition.match = {{"severity", "page"}};
  fired.deployment = "d-3";
  health::Episode episode;
  episode.alarm = fired.name;
  episode.fingerprint = "b1a9f7c2d3e4f506";
  episode.source = health::Episode::Source::alertmanager;
  episode.bearing = health::Episode::Bearing::began_before;
  episode.starts = now - std::chrono::hours{1};
  episode.heard = now;
  episode.why = "5xx";
  fired.episodes = {episode};
  fired.episodes_total = 1;
  fired.standing.state = health::Standing::State::ignored;
  fired.standing.firing = fired.standing.ignored = 1;
  fired.standing.since = episode.starts;
  fired.standing.why = episode.why;
  fired.note = note_of(fired.standing, {});
  ExternalAlarmReport well;
  well.service = "cart";
  well.name = "pager";
  return {fired, well};
}

}  // namespace teal::control::testing
