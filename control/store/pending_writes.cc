#include "control/store/pending_writes.h"

#include <algorithm>
#include <utility>

namespace teal::control {

void PendingWrites::add(EventRow row, bool may_be_lost) {
  if (!may_be_lost) must_sync_ = true;
  if (pending_.events.size() >= kMaxUnsavedEvents) truncated_journals_.insert(row.deployment);
  if (truncated_journals_.contains(row.deployment)) {
    ++dropped_;
    return;
  }
  pending_.events.push_back(std::move(row));
}

void PendingWrites::set(ServiceRow row, bool may_be_lost) {
  if (!may_be_lost) must_sync_ = true;
  const auto same = std::find_if(pending_.services.begin(), pending_.services.end(),
                                 [&](const ServiceRow& old) { return old.name == row.name; });
  if (same == pending_.services.end())
    pending_.services.push_back(std::move(row));
  else
    *same = std::move(row);
}

void PendingWrites::set(ClockRow row) {
  const auto same =
      std::find_if(pending_.clocks.begin(), pending_.clocks.end(),
                   [&](const ClockRow& old) { return old.deployment == row.deployment; });
  if (same == pending_.clocks.end())
    pending_.clocks.push_back(row);
  else
    *same = row;
}

void PendingWrites::set(EvidenceRow row) {
  const auto same =
      std::find_if(pending_.evidence.begin(), pending_.evidence.end(), [&](const EvidenceRow& old) {
        return old.deployment == row.deployment && old.part == row.part;
      });
  if (same != pending_.evidence.end())
    *same = std::move(row);
  else if (pending_.evidence.size() < kMaxUnsavedEvidence)
    pending_.evidence.push_back(std::move(row));
  else
    ++dropped_;
}

void PendingWrites::set(SecretRow row) {
  must_sync_ = true;
  std::erase(pending_.forgotten_secrets, row.name);
  std::erase_if(pending_.secrets, [&](const SecretRow& old) { return old.name == row.name; });
  pending_.secrets.push_back(std::move(row));
}

void PendingWrites::forget_secret(const std::string& name) {
  must_sync_ = true;
  std::erase_if(pending_.secrets, [&](const SecretRow& old) { return old.name == name; });
  std::erase(pending_.forgotten_secrets, name);
  pending_.forgotten_secrets.push_back(name);
}

bool PendingWrites::flush() {
  if (pending_.empty()) return is_healthy_ || check();
  pending_.may_be_lost = !must_sync_;
  const Result<void> written = store_->commit(pending_);
  if (written) {
    pending_ = {};
    must_sync_ = false;
  }
  return note(written);
}

bool PendingWrites::check() {
  return note(store_->check());
}

bool PendingWrites::note(const Result<void>& result) {
  if (!result) ++failures_;
  if (is_healthy_ == result.has_value()) return is_healthy_;
  is_healthy_ = result.has_value();
  on_change_(is_healthy_, is_healthy_ ? "" : result.error().message());
  return is_healthy_;
}

}  // namespace teal::control
