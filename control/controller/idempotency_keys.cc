#include "control/controller/idempotency_keys.h"

#include <algorithm>
#include <utility>

#include "control/store/request_digest.h"

namespace teal::control {

void IdempotencyKeys::restore(const KeyRow& row, WallTime date, Mono now) {
  keys_[row.key] = {row, std::max(date - row.at, Millis{0}), now};
}

std::optional<ApiResult<KeyRow>> IdempotencyKeys::find(const std::string& key,
                                                       const std::string& as_sent, Mono now) const {
  const auto known = keys_.find(key);
  if (key.empty() || known == keys_.end()) return std::nullopt;
  if (known->second.age_at(now) >= kLife) return std::nullopt;
  const KeyRow& row = known->second.row;
  if (!is_digest_of(row.digest, as_sent))
    return ApiError{422, "idempotency-key-reused", "The deployment was not started",
                    "the Idempotency-Key was used with another request",
                    "use a new key for a new request"};
  return row;
}

std::vector<std::string> IdempotencyKeys::add(const KeyRow& row, Mono now) {
  std::vector<std::string> forgotten = forget(now);
  keys_[row.key] = {row, Millis{0}, now};
  return forgotten;
}

/// The oldest that are too old or too many.
std::vector<std::string> IdempotencyKeys::forget(Mono now) {
  std::vector<std::pair<Millis, std::string>> known;
  for (const auto& [key, one] : keys_) known.emplace_back(one.age_at(now), key);
  std::sort(known.rbegin(), known.rend());
  std::vector<std::string> forgotten;
  for (auto& [age, key] : known) {
    if (age < kLife && keys_.size() < kMaxKeys) break;
    keys_.erase(key);
    forgotten.push_back(std::move(key));
  }
  return forgotten;
}

}  // namespace teal::control
