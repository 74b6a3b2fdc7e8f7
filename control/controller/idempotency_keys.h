// IdempotencyKeys: which deployment each Idempotency-Key has started, for a day, so that a request
// that is sent again is answered and not carried out again. There are no more than kMaxKeys of
// them: the oldest make room.
//
// A key's age is counted by the clock that nobody sets; only how long the process was down the date
// has to tell. Pure: times are given. Does not write to the store: it names what is to be
// forgotten.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/reports/reports.h"
#include "control/store/store.h"

namespace teal::control {

class IdempotencyKeys {
 public:
  static constexpr std::size_t kMaxKeys = 10'000;
  static constexpr std::chrono::hours kLife{24};

  /// As the store has it, at a start at `date`.
  void restore(const KeyRow& row, WallTime date, Mono now);
  /// What the key has started; nothing: it is free. 422 where that was another request, as it
  /// was sent.
  std::optional<ApiResult<KeyRow>> find(const std::string& key, const std::string& as_sent,
                                        Mono now) const;
  /// Notes a key that is free. The keys that are too old by now or make room are forgotten and
  /// named, the oldest first.
  std::vector<std::string> add(const KeyRow& row, Mono now);
  std::size_t size() const { return keys_.size(); }

 private:
  /// It was `age` old at `known`.
  struct Known {
    KeyRow row;
    Millis age{0};
    Mono known;
    Millis age_at(Mono now) const { return age + std::chrono::duration_cast<Millis>(now - known); }
  };

  std::vector<std::string> forget(Mono now);

  std::map<std::string, Known> keys_;
};

}  // namespace teal::control
