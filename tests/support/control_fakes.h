// Stand-ins for everything around a controller: workers that apply when they are told to, a store
// in memory that can fail, judges that say what they are told.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/rng.h"
#include "control/controller/controller.h"
#include "control/deploy/ports.h"
#include "control/store/store.h"
#include "health/judge/judge.h"
#include "tests/support/manual_clock.h"

namespace teal::control {

class SilentLog final : public Log {
 public:
  void write(Level, std::string_view, std::initializer_list<LogField>) override {}
};

/// What the disk holds; outlives the stores that "open" it, like a file.
struct Disk {
  std::map<DeploymentNumber, DeploymentRow> deployments;
  std::map<std::pair<DeploymentNumber, std::uint64_t>, EventRow> events;
  std::map<DeploymentNumber, ClockRow> clocks;
  std::map<std::string, ServiceRow> services;
  std::map<std::string, KeyRow> keys;
  std::map<std::pair<DeploymentNumber, std::uint64_t>, EvidenceRow> evidence;
  std::map<std::string, SecretRow> secrets;
  std::map<std::uint64_t, ConfigRow> configs;
  std::string id = "disk";
  ConfirmationRow confirmation;
  std::uint64_t reserved_events = 0;
  bool fails = false;
  bool is_gone = false;  ///< The file was removed while it is open.
  std::size_t commits = 0;
  std::size_t waited_for = 0;  ///< Commits that a power failure does not undo.
  /// Called before a commit is done; the place to look at what was published by then.
  std::function<void()> on_commit;
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::shared_ptr<Disk> disk) : disk_(std::move(disk)) {}

  Result<Contents> load() override {
    Contents contents;
    for (const auto& [key, row] : disk_->deployments) contents.deployments.push_back(row);
    for (const auto& [key, row] : disk_->events) contents.events.push_back(row);
    for (const auto& [key, row] : disk_->clocks) contents.clocks.push_back(row);
    for (const auto& [key, row] : disk_->services) contents.services.push_back(row);
    for (const auto& [key, row] : disk_->keys) contents.keys.push_back(row);
    for (const auto& [key, row] : disk_->secrets) contents.secrets.push_back(row);
    for (const auto& [key, row] : disk_->configs) {
      contents.configs.push_back(row);
      contents.configs.back().text.clear();
    }
    contents.confirmation = disk_->confirmation;
    contents.id = disk_->id;
    contents.reserved_events = disk_->reserved_events;
    return contents;
  }

  Result<std::vector<EvidenceRow>> evidence(DeploymentNumber deployment) override {
    std::vector<EvidenceRow> found;
    for (const auto& [key, row] : disk_->evidence)
      if (key.first == deployment) found.push_back(row);
    return found;
  }

  Result<std::string> config_text(std::uint64_t generation) override {
    const auto found = disk_->configs.find(generation);
    if (found == disk_->configs.end()) return Error{Source::internal, "it is not there"};
    return found->second.text;
  }

  Result<void> check() override {
    if (disk_->is_gone) return Error{Source::internal, "the file was removed"};
    return {};
  }

  Result<void> commit(const Batch& batch) override {
    if (Result<void> there = check(); !there) return there.error();
    if (disk_->on_commit) disk_->on_commit();
    if (disk_->fails) return Error{Source::internal, "no space left on device"};
    ++disk_->commits;
    if (!batch.may_be_lost) ++disk_->waited_for;
    for (const auto& row : batch.deployments) disk_->deployments[row.number] = row;
    for (const auto& row : batch.events) disk_->events[{row.deployment, row.sequence}] = row;
    for (const auto& row : batch.clocks) disk_->clocks[row.deployment] = row;
    for (const auto& row : batch.services) disk_->services[row.name] = row;
    for (const auto& row : batch.keys) disk_->keys[row.key] = row;
    for (const auto& row : batch.evidence) disk_->evidence[{row.deployment, row.part}] = row;
    for (const auto& row : batch.secrets) disk_->secrets[row.name] = row;
    for (const auto& row : batch.configs) disk_->configs[row.generation] = row;
    if (batch.first_config)
      std::erase_if(disk_->configs, [&](const auto& e) { return e.first < *batch.first_config; });
    for (const std::string& name : batch.forgotten_secrets) disk_->secrets.erase(name);
    for (const DeploymentNumber number : batch.forgotten) {
      std::erase_if(disk_->evidence, [&](const auto& e) { return e.first.first == number; });
      disk_->deployments.erase(number);
      std::erase_if(disk_->events, [&](const auto& e) { return e.first.first == number; });
    }
    for (const std::string& key : batch.forgotten_keys) disk_->keys.erase(key);
    if (batch.confirmation) disk_->confirmation = *batch.confirmation;
    if (batch.reserved_events) disk_->reserved_events = *batch.reserved_events;
    return {};
  }

 private:
  std::shared_ptr<Disk> disk_;
};

/// Workers: apply at once when `pump` is called, or never.
class FakePorts final : public Ports {
 public:
  explicit FakePorts(const Clock& clock) : clock_(clock) {}
  void publish(Publication publication, std::function<void(Mono)> applied) override {
    versions.push_back(publication.version);
    published.push_back(published.empty() ? std::vector<ServiceState>{} : published.back());
    for (const SharedService& service : publication.services) merge(*service, published.back());
    publications.push_back(std::move(publication));
    waiting.push_back(std::move(applied));
  }
  std::uint64_t read_requests(const TrafficKey& key) override {
    ++asked;
    return requests_of(sum_of(key).requests);
  }
  /// Always another one, unless a test says what it is.
  std::uint64_t read_activity(ServiceId service) override {
    const auto known = activity.find(service);
    return known == activity.end() ? ++activities : known->second;
  }
  TrafficCounters read_traffic(const TrafficKey& key) override {
    ++read;
    return sum_of(key);
  }
  TrafficCounters sum_of(const TrafficKey& key) const {
    TrafficCounters sum;
    for (const TrafficReading& each : traffic)
      if (each.key == key) sum += each.counters;
    for (const auto& [of, counted] : begun)
      if (of.first == key) sum += counted.ended;
    return sum;
  }
  StageReading read_stage(const TrafficKey& key, Stage stage) override {
    StageReading reading;
    for (const TrafficReading& each : traffic) {
      if (each.key != key) continue;
      reading.deployment.ended += each.counters;
      reading.step.ended += each.counters;
    }
    for (const auto& [of, counted] : begun) {
      if (of.first != key || of.second.deployment != stage.deployment) continue;
      reading.deployment.ended += counted.ended;
      reading.deployment.reached += counted.reached;
      if (of.second == stage) reading.step = counted;
    }
    return reading;
  }
  Tallies read_tallies(const TrafficKey& key, std::uint64_t deployment) override {
    return read_stage(key, {deployment, 0}).deployment.ended.tallies();
  }
  GroupInFlight read_in_flight(const std::string& /*service*/, Colour colour) override {
    return in_flight[colour];
  }
  void draw_random(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_.next());
  }
  void set_sticky_secrets(const StickySecrets& secrets) override { sticky = secrets; }
  Mono watermark() override { return settled; }
  void notify_at_watermark(Mono began) override { wanted = began; }
  void call_at(Mono at, std::function<void()> call) override {
    deadline = at;
    on_deadline = std::move(call);
  }
  std::optional<OwnSocket> own_socket(const Address& target) override {
    const OwnSocket* const own = find_own(own_sockets, target, {});
    return own != nullptr ? std::optional(*own) : std::nullopt;
  }

  /// Every worker applies everything that was published.
  void pump() {
    while (!waiting.empty()) {
      const std::function<void(Mono)> applied = std::move(waiting.front());
      waiting.erase(waiting.begin());
      applied(clock_.mono());
    }
  }
  const ServiceState& last(std::size_t service = 0) const { return published.back().at(service); }

  std::optional<Mono> deadline;  ///< That control asked for last.
  std::function<void()> on_deadline;
  std::vector<std::uint64_t> versions;
  std::vector<Publication> publications;
  /// What the workers have after each: all services, by their ids.
  std::vector<std::vector<ServiceState>> published;
  std::vector<std::function<void(Mono)>> waiting;
  std::vector<TrafficReading> traffic;  ///< Of whatever stage is asked for.
  std::map<std::pair<TrafficKey, Stage>, Begun> begun;
  PerColour<GroupInFlight> in_flight;
  Mono settled = Mono::max();
  Mono wanted = Mono::max();
  std::optional<StickySecrets> sticky;
  std::vector<OwnSocket> own_sockets;
  std::map<ServiceId, std::uint64_t> activity;
  std::uint64_t activities = 0;
  std::size_t asked = 0, read = 0;  ///< Streams, for the number of requests and for everything.

 private:
  static void merge(const ServiceSnapshot& service, std::vector<ServiceState>& states) {
    if (service.id >= states.size()) states.resize(service.id + 1);
    ServiceState& state = states[service.id];
    static_cast<ServiceRouting&>(state) = service;
    for (const Colour colour : kColours) {
      const GroupSnapshot& group = service.groups[colour];
      state.groups[colour] = {group.revision, *group.targets, group.fallback};
    }
  }

  const Clock& clock_;
  inline static std::uint64_t made_ = 0;
  Rng random_{++made_};  ///< Another process draws other bytes.
};

/// What the judges of a test say, by alarm.
using Verdicts = std::map<std::string, health::Verdict>;

class ScriptedSource final : public health::VerdictSource {
 public:
  ScriptedSource(config::Alarm alarm, const Verdicts& verdicts)
      : alarm_(std::move(alarm)), verdicts_(verdicts) {}

  const std::string& name() const override { return alarm_.name; }
  std::string condition() const override { return "as told"; }
  health::Verdict judge(const health::Reading&) override {
    if (firing_) return health::Breached{"fired from outside"};
    const auto found = verdicts_.find(alarm_.name);
    return found == verdicts_.end() ? health::Verdict{health::Healthy{}} : found->second;
  }
  std::optional<health::Breached> check_breach(const health::CountsReading&) override {
    const health::Verdict verdict = judge({});
    const auto* breached = std::get_if<health::Breached>(&verdict);
    return breached == nullptr ? std::nullopt : std::optional(*breached);
  }
  void set_external(bool firing, const std::string&) override { firing_ = firing; }

 private:
  config::Alarm alarm_;
  const Verdicts& verdicts_;
  bool firing_ = false;
};

}  // namespace teal::control
