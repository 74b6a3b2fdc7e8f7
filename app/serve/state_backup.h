// StateBackup: snapshots of the store for POST /v1/state/backup. The control thread begins one and
// ends it; the copy is made, and read piece by piece, on a thread of its own, so that neither a
// verdict nor a reload waits for it (docs/adr/0033-snapshots.md). One at a time, until its last
// byte is read or nobody wants it any more.
//
// Control thread.
#pragma once

#include <atomic>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "app/system/errand_thread.h"
#include "base/log.h"
#include "control/api/api.h"
#include "control/api/body_source.h"
#include "control/store/store.h"

namespace teal::app {

class StateBackup {
 public:
  /// Requires: all of them outlive the object.
  StateBackup(boost::asio::io_context& io, control::Store& store, Log& log)
      : io_(io), store_(store), log_(log) {}
  /// Waits for its thread, which gives up what it is at.
  ~StateBackup() { is_given_up_ = true; }

  /// `taken` once, at once or when the snapshot is made. `is_healthy`: nothing waits to be written,
  /// which a snapshot would lack.
  void take(bool is_healthy, control::TakenSnapshot taken);

 private:
  using Made = Result<std::shared_ptr<const control::Snapshot>>;
  void on_made(Made made, const control::TakenSnapshot& taken);

  boost::asio::io_context& io_;
  control::Store& store_;
  Log& log_;
  std::atomic<bool> is_given_up_ = false;
  bool is_making_ = false;
  std::weak_ptr<control::BodySource> last_;  ///< Still being read.
  bool has_started_ = false;
  ErrandThread errands_;  ///< The first to end.
};

}  // namespace teal::app
