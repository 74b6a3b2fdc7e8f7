#include "app/serve/state_backup.h"

#include <string>
#include <utility>

#include <boost/asio/post.hpp>

namespace teal::app {
namespace {

using control::ApiError;
using control::Snapshot;

ApiError busy() {
  return {409, "backup-running", "Another backup is running",
          "one snapshot of the store is made, or read, at a time", "try again when it has ended"};
}
ApiError failed(const Error& why) {
  return {503, "backup-failed", "The store cannot be backed up now", why.message(),
          "nothing has changed; try again when that is mended"};
}

class SnapshotBody final : public control::BodySource {
 public:
  SnapshotBody(std::shared_ptr<const Snapshot> snapshot, ErrandThread& errands,
               boost::asio::io_context& io)
      : snapshot_(std::move(snapshot)), errands_(errands), io_(io) {}

  std::uint64_t size() const override { return snapshot_->size(); }

  void read(std::size_t most, std::function<void(std::string)> done) override {
    errands_.post(
        [snapshot = snapshot_, at = at_, most, &io = io_, done = std::move(done)]() mutable {
          Result<std::string> piece = snapshot->read(at, most);
          boost::asio::post(io, [done = std::move(done),
                                 bytes = piece ? std::move(*piece) : std::string()]() mutable {
            done(std::move(bytes));
          });
        });
    at_ += most;
  }

 private:
  std::shared_ptr<const Snapshot> snapshot_;
  ErrandThread& errands_;
  boost::asio::io_context& io_;
  std::uint64_t at_ = 0;
};

}  // namespace

void StateBackup::take(bool is_healthy, control::TakenSnapshot taken) {
  if (is_making_ || !last_.expired()) return taken(busy());
  if (!is_healthy)
    return taken(failed(Error{Source::internal,
                              "the store cannot be written now, and a backup would lack what "
                              "waits (GET /readyz says why)"}));
  if (!has_started_) {
    if (const Result<void> started = errands_.start(); !started)
      return taken(failed(started.error()));
    has_started_ = true;
  }
  Result<std::unique_ptr<control::SnapshotSource>> source = store_.begin_snapshot();
  if (!source) return taken(failed(source.error()));
  is_making_ = true;
  errands_.post([this, source = std::shared_ptr<control::SnapshotSource>(std::move(*source)),
                 taken = std::move(taken)]() mutable {
    auto made = std::make_shared<Made>(source->make(is_given_up_));
    boost::asio::post(io_, [this, made = std::move(made), taken = std::move(taken)]() mutable {
      on_made(std::move(*made), taken);
    });
  });
}

void StateBackup::on_made(Made made, const control::TakenSnapshot& taken) {
  store_.end_snapshot();
  is_making_ = false;
  if (!made) {
    log_.warning("a backup of the store failed", {{"reason", made.error().message()}});
    return taken(failed(made.error()));
  }
  log_.info("the store is backed up", {{"bytes", std::to_string((*made)->size())}});
  auto body = std::make_shared<SnapshotBody>(std::move(*made), errands_, io_);
  last_ = body;
  taken(std::shared_ptr<control::BodySource>(std::move(body)));
}

}  // namespace teal::app
