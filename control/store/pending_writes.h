// PendingWrites: what is to be written to the store, and what could not be. A store that fails is
// told of once, counted, tried again with every later write and every second, and never in
// anybody's way. What waits is bounded: past the limit a deployment's journal simply ends early, so
// that a restart finds it in an earlier state, never in a made-up one.
//
// Control thread. Does not know what the rows mean.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "control/store/store.h"

namespace teal::control {

class PendingWrites {
 public:
  static constexpr std::size_t kMaxUnsavedEvents = 10'000;
  static constexpr std::size_t kMaxUnsavedEvidence = 256;  ///< Rows.
  /// Called when the store begins to fail (with the reason) and when it works again.
  using OnChange = std::function<void(bool is_healthy, const std::string& why)>;

  PendingWrites(std::unique_ptr<Store> store, OnChange on_change)
      : store_(std::move(store)), on_change_(std::move(on_change)) {}

  Result<Contents> load() { return store_->load(); }
  Result<std::vector<EvidenceRow>> evidence(DeploymentNumber deployment) {
    return store_->evidence(deployment);
  }

  Result<std::string> config_text(std::uint64_t generation) {
    for (const ConfigRow& each : pending_.configs)
      if (each.generation == generation) return each.text;
    return store_->config_text(generation);
  }

  void add(DeploymentRow row) {
    must_sync_ = true;
    pending_.deployments.push_back(std::move(row));
  }
  /// `may_be_lost` by a power failure, and then the deployment is merely younger.
  void add(EventRow row, bool may_be_lost = false);
  void add(KeyRow row) {
    must_sync_ = true;
    pending_.keys.push_back(std::move(row));
  }
  void set(ServiceRow row, bool may_be_lost = false);
  void set(ClockRow row);
  /// While the store fails, evidence waits like the journal, but is given up first.
  void set(EvidenceRow row);
  void set(SecretRow row);
  void forget_secret(const std::string& name);
  /// A power failure may lose it. Generations before `first` are not kept.
  void add(ConfigRow row, std::uint64_t first) {
    std::erase_if(pending_.configs,
                  [first](const ConfigRow& each) { return each.generation < first; });
    pending_.configs.push_back(std::move(row));
    pending_.first_config = first;
  }
  /// A power failure may lose it.
  void set(const ConfirmationRow& row) { pending_.confirmation = row; }
  /// What is forgotten may come back once: it is forgotten again.
  void forget(DeploymentNumber number) { pending_.forgotten.push_back(number); }
  void forget_key(std::string key) { pending_.forgotten_keys.push_back(std::move(key)); }

  /// Numbers of events up to this one are given out.
  void reserve_events(std::uint64_t last) {
    must_sync_ = true;
    pending_.reserved_events = last;
  }

  /// Writes everything that waits. False: it waits still. The disk is waited for, unless all of it
  /// is clocks, evidence and events that may be lost.
  bool flush();
  /// Whether what was written is where the next start will look.
  bool check();
  /// The next flush() waits for the disk.
  void wait_for_disk() { must_sync_ = true; }

  bool is_healthy() const { return is_healthy_; }
  std::uint64_t failures() const { return failures_; }
  std::uint64_t dropped() const { return dropped_; }
  std::size_t unsaved_events() const { return pending_.events.size(); }

 private:
  bool note(const Result<void>& result);

  std::unique_ptr<Store> store_;
  OnChange on_change_;
  Batch pending_;
  bool must_sync_ = false;  ///< Something of it must be on the disk when flush() returns.
  std::set<DeploymentNumber> truncated_journals_;
  bool is_healthy_ = true;
  std::uint64_t failures_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace teal::control
