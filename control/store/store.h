// Store: what survives kill -9. Rows of text in, rows of text out, a batch at a time; what the text
// says is control/store/spec_json.h and control/engine/protocol.h. SQLite is the default
// (control/store/sqlite_store.h).
//
// Control thread. Does not retry, keep what could not be written, or know an engine: that is
// control/store/pending_writes.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/engine/protocol.h"
#include "control/sqlite/snapshot.h"

namespace teal::control {

/// The n of "d-n".
using DeploymentNumber = std::uint64_t;

struct DeploymentRow {
  DeploymentNumber number = 0;
  std::string service;
  WallTime created;
  std::string spec;  ///< JSON.
  bool operator==(const DeploymentRow&) const = default;
};

struct EventRow {
  DeploymentNumber deployment = 0;
  std::uint64_t sequence = 0;  ///< From 1 in each deployment, without gaps.
  Age age{0};
  WallTime at;
  std::string event;  ///< JSON.
  bool operator==(const EventRow&) const = default;
};

/// How old a deployment was when somebody last looked; so that a crash loses little of a bake.
struct ClockRow {
  DeploymentNumber deployment = 0;
  Age age{0};
  bool operator==(const ClockRow&) const = default;
};

struct ServiceRow {
  std::string name;
  std::string state;  ///< JSON.
  bool operator==(const ServiceRow&) const = default;
};

struct KeyRow {
  std::string key;
  std::string digest;  ///< control/store/request_digest.h
  DeploymentNumber deployment = 0;
  WallTime at;
  bool operator==(const KeyRow&) const = default;
};

/// One part of a deployment's evidence (control/evidence/evidence.h): 0 is the account of it,
/// written anew whenever it has changed, the others are pages of events, written once.
struct EvidenceRow {
  DeploymentNumber deployment = 0;
  std::uint64_t part = 0;
  std::string text;  ///< JSON.
  bool operator==(const EvidenceRow&) const = default;
};

/// Something that nobody outside may know. Never shown.
struct SecretRow {
  std::string name;
  std::string value;
  WallTime since;
  bool operator==(const SecretRow&) const = default;
};

/// One generation of the configuration, as it was loaded.
struct ConfigRow {
  std::uint64_t generation = 0;
  WallTime at;
  std::string digest;  ///< SHA-256 of the text, in hexadecimal.
  std::string mark;    ///< Of what it says, variables included; equal: it says the same. Not shown.
  std::string by;      ///< What brought it: "start", "reload".
  std::string text;    ///< As written: variables by their names.
  bool operator==(const ConfigRow&) const = default;
};

/// The generation that goes back by itself at that time unless somebody confirms it.
struct ConfirmationRow {
  std::uint64_t generation = 0;  ///< 0: none does.
  WallTime by;
  bool operator==(const ConfirmationRow&) const = default;
};

/// What is written together or not at all.
struct Batch {
  std::vector<DeploymentRow> deployments;
  std::vector<EventRow> events;
  std::vector<ClockRow> clocks;
  std::vector<ServiceRow> services;  ///< Replace what is there.
  std::vector<KeyRow> keys;
  std::vector<EvidenceRow> evidence;  ///< Replace what is there.
  std::vector<SecretRow> secrets;     ///< Replace what is there.
  std::vector<ConfigRow> configs;
  std::vector<DeploymentNumber> forgotten;  ///< Deployments to delete with all that is theirs.
  std::vector<std::string> forgotten_keys;
  std::vector<std::string> forgotten_secrets;
  /// Generations before this one are deleted.
  std::optional<std::uint64_t> first_config;
  std::optional<ConfirmationRow> confirmation;
  /// Numbers of events up to this one are spoken for; the next process begins behind it.
  std::optional<std::uint64_t> reserved_events;
  /// Commit without waiting for the disk (SQLite's synchronous=NORMAL): the batch survives kill -9,
  /// and may be lost by a power failure until a later batch waits for the disk.
  bool may_be_lost = false;

  bool empty() const {
    return deployments.empty() && events.empty() && clocks.empty() && services.empty() &&
           keys.empty() && evidence.empty() && secrets.empty() && forgotten.empty() &&
           forgotten_keys.empty() && forgotten_secrets.empty() && configs.empty() &&
           !first_config && !confirmation && !reserved_events;
  }
};

/// Everything but the evidence and the texts of configurations, in the order of numbers and
/// sequences.
struct Contents {
  std::vector<DeploymentRow> deployments;
  std::vector<EventRow> events;
  std::vector<ClockRow> clocks;
  std::vector<ServiceRow> services;
  std::vector<KeyRow> keys;
  std::vector<SecretRow> secrets;
  std::vector<ConfigRow> configs;
  ConfirmationRow confirmation;
  std::string id;  ///< Of the store: made with it, for its whole life.
  std::uint64_t reserved_events = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  virtual Result<Contents> load() = 0;
  /// A deployment's evidence, in the order of parts; asked for when somebody wants to see it.
  virtual Result<std::vector<EvidenceRow>> evidence(DeploymentNumber deployment) = 0;
  /// Of a generation that was written; an Error where it is not there.
  virtual Result<std::string> config_text(std::uint64_t generation) = 0;
  /// On disk when it returns, or an Error and nothing of it is. Writing an event again that is
  /// there already is no error: a commit may have succeeded without anybody hearing of it.
  virtual Result<void> commit(const Batch& batch) = 0;
  /// An Error where what is written would not be found by the next start. Costs little: it is asked
  /// every second.
  virtual Result<void> check() = 0;
  /// Everything that was committed is in what another thread makes of it from now on; an Error
  /// where this store has no such thing. One at a time. What is committed meanwhile may be in it.
  virtual Result<std::unique_ptr<SnapshotSource>> begin_snapshot() {
    return Error{Source::config, "this store has no snapshots; `state` names no file"};
  }
  /// The snapshot is made, or will not be: nobody reads the store any more.
  virtual void end_snapshot() {}
};

}  // namespace teal::control
