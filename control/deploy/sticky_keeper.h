// StickyKeeper: the secrets of sticky cookies over the life of an installation: made at the first
// start that needs them, kept in the store, and the key changed when it is as old as a cookie can
// become. The key before it is taken for that long again, so a change costs no client its group.
//
//   key      |---- A ----|---- B ----|---- C ----       each lives for period()
//   previous             |--A--|     |--B--|            for the longest max_age
//
// Pure but for the random bytes that it is given; control thread. Does not write or publish: who
// calls it does.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/sticky_secrets.h"
#include "base/time.h"
#include "config/config.h"
#include "control/store/store.h"

namespace teal::control {

class StickyKeeper {
 public:
  using Random = std::function<void(std::span<std::uint8_t>)>;
  static constexpr const char* kPrevious = "sticky.key.previous";  ///< The row's name.
  static constexpr std::chrono::hours kMinPeriod{24};

  enum class Found : std::uint8_t {
    all,
    missing,  ///< Something was not there: that is new.
    damaged,  ///< Something could not be read: that is new.
  };

  StickyKeeper(const config::Config& config, Random random);

  /// Services, and how long their cookies live, are as this says from now on.
  void configure(const config::Config& config);

  /// False: no service is sticky, and no secret is made or changed.
  bool is_needed() const { return longest_.count() > 0; }
  /// What the store has, for the day on which it is needed.
  void begin(std::vector<SecretRow> stored) { stored_ = std::move(stored); }
  /// The first time that it is needed: as restore() of what begin() was given. Nothing: it is not,
  /// or was before.
  std::optional<Found> take_up(WallTime now);
  /// What the store has, and the rest made.
  Found restore(const std::vector<SecretRow>& rows, WallTime now);
  /// True: secrets() and rows() are others than before.
  bool tick(WallTime now);

  const StickySecrets& secrets() const { return secrets_; }
  /// What is to be in the store; kPrevious may not be.
  std::vector<SecretRow> rows() const;
  /// How long a key is the newest.
  Millis period() const;

 private:
  StickySecrets::Key draw() const;

  Millis longest_{0};  ///< The longest max_age of any service.
  Random random_;
  std::vector<SecretRow> stored_;  ///< Until they are needed.
  bool is_taken_up_ = false;
  StickySecrets secrets_;
  WallTime key_since_, previous_since_, salt_since_;
};

}  // namespace teal::control
