// Attempts: the targets that one request is sent to, one after the other, in the groups that it
// belongs to one after the other: the side that it goes out by now, what it counts as there, and
// which targets were tried with what failures.
//
// Part of one exchange, on its worker's thread. It says of targets what they did, and offers what
// comes free to those who wait. Does not choose targets (target_picker.h), nor what comes after a
// failure (recovery.h).
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/outcome.h"
#include "base/service_state.h"
#include "base/time.h"
#include "proxy/exchange/target_side.h"
#include "proxy/loop/target_runtime.h"
#include "proxy/policy/retry.h"
#include "proxy/request/permits.h"
#include "proxy/telemetry/service_stats.h"

namespace teal::proxy {

class WorkerLoop;

class Attempts {
 public:
  explicit Attempts(WorkerLoop& loop) : loop_(loop) {}
  Attempts(const Attempts&) = delete;
  Attempts& operator=(const Attempts&) = delete;

  /// Of the next request.
  void begin(Mono now) {
    began_ = now;
    count_ = 0;
    wants_fresh_ = false;
    again_.reset();
    failed_ = {};
    tried_.clear();
    connect_micros_ = -1;
  }

  // ---- the group
  /// Requires: it is in none.
  void join(const GroupPointer& group) {
    membership_.join(group);
    tries_ = {.attempts = 0};
    full_target_ = 0;
  }
  void leave() { membership_.leave(); }
  /// It is no request any more, and yet has a connection of the group.
  void end_request() { membership_.end_request(); }
  const GroupPointer& group() const { return membership_.group(); }
  /// It has waited so long, from its beginning, before its first attempt.
  void note_wait(Mono until) {
    if (count_ <= 1) began_ = until;
  }

  // ---- an attempt begins
  /// Takes its places in the limits that all workers share. False: others were faster.
  bool reserve(TargetRuntime& target, bool fresh) {
    if (!group()->is_limited) [[likely]]
      return true;
    return reserve_places(target, fresh);
  }
  /// The next attempt is at this target.
  void start(const boost::local_shared_ptr<TargetRuntime>& target, Mono now) {
    ++count_;
    ++tries_.attempts;
    if (count_ > 1) began_ = now;
    target_ = target;
  }
  /// It has a side, which may still have to be connected.
  void go_out_by(TargetSide& side) {
    side_ = &side;
    in_flight_.begin(*target_, *group());
  }
  /// None could be had. `is_own_lack`: not by the target's doing.
  void fail_at_once(bool is_own_lack);
  void begin_to_connect(Mono now) { connect_began_ = now; }
  void note_connected(Mono now) {
    connect_micros_ = std::chrono::duration_cast<Micros>(now - connect_began_).count();
  }
  /// By a kept connection.
  void note_kept() { connect_micros_ = 0; }
  /// The same attempt by another side.
  void move_to(TargetSide& side) { side_ = &side; }

  // ---- the present attempt
  /// Null: there is none.
  TargetSide* side() const { return side_; }
  /// Of the present attempt or of the last one; null: there was none in this group.
  const boost::local_shared_ptr<TargetRuntime>& target() const { return target_; }
  boost::local_shared_ptr<TargetRuntime> take_target() { return std::exchange(target_, nullptr); }
  void forget_target() { target_ = nullptr; }
  TargetId target_id() const { return target_ ? target_->id : 0; }
  /// The target takes no more of the request for now.
  bool is_blocked() const { return side_ != nullptr && side_->is_blocked(); }

  // ---- its end. The side is let go of.
  /// `reusable`: its connection can serve the next request. Does nothing where there is none.
  void drop(bool reusable);
  /// The rest of a response is thrown away. `is_clean`: its connection can be kept for that.
  void discard(bool is_clean);

  // ---- what a target did
  /// The target has failed: it is counted, and control is told.
  void report(Failure failure, std::uint16_t status);
  /// The target has answered, with what means `outcome` as a status of HTTP. True: that is an error
  /// of the target's, which is reported.
  bool note_outcome(std::uint16_t outcome) {
    if (outcome < 500) {
      note_good_answer(outcome);
      return false;
    }
    report(Failure::status, outcome);
    return true;
  }

  // ---- what was tried
  /// Over all groups.
  std::uint32_t count() const { return count_; }
  const Tries& tries() const { return tries_; }
  const std::vector<TargetId>& tried() const { return tried_; }
  /// The last attempt after which another target was tried.
  const FailedAttempt& failed() const { return failed_; }
  void note_failed(const FailedAttempt& failed) { failed_ = failed; }
  void leave_target_out() { tried_.push_back(target_id()); }
  /// The next attempt is at the same target. True: this one costs the request none of its attempts,
  /// and any of the target's connections will do.
  bool pass_over(const FailedAttempt& failed);
  /// As take_reason() will say.
  void note_reason(ServiceStat reason) { again_ = reason; }
  /// Why there is a further attempt, once.
  std::optional<ServiceStat> take_reason() { return std::exchange(again_, std::nullopt); }
  bool has_reason() const { return again_.has_value(); }
  bool wants_fresh() const { return wants_fresh_; }

  /// The target takes no request for now, and is left for others: that was no attempt.
  void set_full_aside();
  bool has_full_aside() const { return full_target_ != 0; }
  /// It may be asked again, since no other one is left.
  TargetId take_full();

  /// -1: it was never connected, 0: by a kept connection.
  std::int64_t connect_micros() const { return connect_micros_; }

 private:
  void note_good_answer(std::uint16_t status) {
    ++target_->tally.requests;
    target_->consecutive_failures = target_->consecutive_gateway = 0;
    if (target_->counts != nullptr) [[unlikely]]
      count_answer(status);
  }
  bool reserve_places(TargetRuntime& target, bool fresh);
  TargetSide& detach();
  void count_answer(std::uint16_t status);

  WorkerLoop& loop_;
  TargetSide* side_ = nullptr;
  boost::local_shared_ptr<TargetRuntime> target_;
  std::uint32_t count_ = 0;
  Tries tries_{0, false};     ///< In the present group.
  bool wants_fresh_ = false;  ///< The next attempt is not to be on a kept connection.
  TargetId full_target_ = 0;  ///< One was left for others since it was full.
  std::optional<ServiceStat> again_;
  std::vector<TargetId> tried_;
  FailedAttempt failed_;
  GroupMembership membership_;
  InFlightPermit in_flight_;  ///< Of target_ and the group: it goes before them.
  Mono began_;                ///< When the present attempt began.
  Mono connect_began_;
  std::int64_t connect_micros_ = -1;
};

}  // namespace teal::proxy
