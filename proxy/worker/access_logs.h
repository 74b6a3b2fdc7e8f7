// AccessLogs: the access log that is written now, the one that it replaced while that ends, and
// what all of them together could not write: numbers that never fall, whichever file it is.
//
// Control thread.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "proxy/telemetry/access_log.h"

namespace teal::proxy {

class AccessLogs {
 public:
  /// Null: it is off.
  AccessLogWriter* writer() const { return current_.get(); }
  /// Null `by`: it is off from now on. Requires: the one that was replaced before was taken.
  void replace(std::unique_ptr<AccessLogWriter> by) {
    if (current_) {
      const AccessLogHealth health = current_->health();
      earlier_.errors += health.errors;
      earlier_.lost += health.lost;
    }
    replaced_ = std::exchange(current_, std::move(by));
  }
  /// Null: none was. It ends when what it still has is written: not on the control thread.
  std::unique_ptr<AccessLogWriter> take_replaced() { return std::move(replaced_); }
  /// Nothing: it is off.
  std::optional<AccessLogHealth> health() const {
    if (!current_) return std::nullopt;
    AccessLogHealth health = current_->health();
    health.errors += earlier_.errors;
    health.lost += earlier_.lost;
    return health;
  }
  void reopen() {
    if (current_) current_->reopen();
  }

 private:
  std::unique_ptr<AccessLogWriter> current_;
  std::unique_ptr<AccessLogWriter> replaced_;
  AccessLogHealth earlier_;  ///< Sums of those that were replaced.
};

}  // namespace teal::proxy
