// Reloader: goes over to another configuration while Teal serves: read and prepared on the errand
// thread, compared with what runs, committed in one turn of the control thread, and answered when
// every worker runs on it. One at a time, all or nothing. What was to be confirmed and was not goes
// back by itself. Knows the generations and the texts that are needed to go back.
//
// Control thread, but for what it has done on the errand thread. Does not know workers, sockets or
// services: its host does what a commit is.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "app/reload/prepared_config.h"
#include "app/system/errand_thread.h"
#include "base/counters.h"
#include "control/configuration/config_commands.h"
#include "control/configuration/config_history.h"
#include "control/configuration/config_store.h"

namespace teal::app {

/// What a reload needs of the rest of Teal.
class ReloadHost {
 public:
  virtual ~ReloadHost() = default;

  /// Why nothing can be loaded now: it starts, it ends. Empty: it can.
  virtual std::string why_not_now() const = 0;
  /// It is too early only: on_serving() is called when it is not any more.
  virtual bool is_starting() const = 0;
  virtual proxy::PoolMeans means() const = 0;
  virtual proxy::ErrorPages error_pages() const = 0;
  /// Why not this one, now.
  virtual std::optional<control::ApiError> refuse(const config::Config& next) = 0;
  /// Has the threads that it needs from now on. An Error: the system has none to give.
  virtual Result<void> make_ready(const PreparedConfig& prepared) = 0;
  /// Goes over to it; `applied` when every worker has, with what it replaced, which is there until
  /// whoever gets it lets go: that may take a disk's time.
  virtual void commit(PreparedConfig& prepared,
                      std::function<void(std::shared_ptr<void> replaced)> applied) = 0;
  virtual void announce(Level level, const std::string& type, const std::string& text) = 0;
};

class Reloader final : public control::ConfigCommands {
 public:
  /// The references outlive it; the host is not asked before begin().
  Reloader(boost::asio::io_context& io, ReloadHost& host, ConfigSource source, const Clock& clock,
           Log& log);

  /// Before begin(). An Error: the system has none to give.
  Result<void> start_thread() { return errands_.start(); }
  /// What Teal starts with is a generation too. `store` outlives it.
  void begin(control::ConfigStore& store);
  /// SIGHUP: as reload(), and once more where one is under way; the log says how it went.
  void on_signal();
  /// Everybody is served from now on.
  void on_serving();
  /// Nothing is loaded any more, nor taken back.
  void stop();

  // ---- control::ConfigCommands
  void reload(const config::ReloadRequest& request, Done done) override;
  void rollback(const config::RollbackRequest& request, Done done) override;
  control::ApiResult<control::ConfigReport> confirm() override;
  control::ConfigReport report() const override;
  std::vector<control::ConfigRow> history() const override { return history_.rows(); }

  /// For GET /readyz: what people should know of the configuration.
  std::optional<std::string> warning() const;
  std::vector<MetricSample> samples() const;

 private:
  using Prepared = boost::system::result<PreparedConfig, control::ReloadRefusal>;
  /// The one that is under way.
  struct Job {
    std::string by;  ///< "reload", "SIGHUP", "rollback", "unconfirmed".
    Millis confirm_within{0};
    bool is_dry_run = false;
    bool is_rollback = false;
    bool confirms_access = false;
    Done done;
  };

  std::optional<control::ReloadRefusal> why_not(bool is_dry_run) const;
  void start(Job job, std::shared_ptr<const std::string> text, const std::string& name);
  void on_prepared(Prepared prepared);
  std::optional<control::ReloadRefusal> refuse(const PreparedConfig& prepared);
  void commit(PreparedConfig prepared);
  void on_applied(std::shared_ptr<void> replaced, std::vector<config::Change> changes,
                  std::vector<config::Problem> warnings);
  void finish(control::ReloadReport report);
  void finish(control::ReloadRefusal refusal);
  void end(control::ReloadResult result, const std::string& text,
           boost::system::result<control::ReloadReport, control::ReloadRefusal> answer);
  void await_confirmation(Millis within);
  void resume_confirmation();
  /// Nothing waits to be confirmed any more.
  void settle();
  void go_back();
  std::optional<Millis> left_to_confirm() const;

  boost::asio::io_context& io_;
  ReloadHost& host_;
  ConfigSource source_;
  const Clock& clock_;
  Log& log_;
  control::ConfigStore* store_ = nullptr;  ///< From begin() on.
  control::ConfigHistory history_;
  std::shared_ptr<const std::string> previous_text_;  ///< Of the generation before; null: none.
  std::optional<Job> job_;
  bool reloads_again_ = false;  ///< Another SIGHUP came.
  bool is_diverged_ = false;
  bool is_stopped_ = false;
  boost::asio::steady_timer confirmation_;
  std::optional<Mono> confirm_by_;
  std::string why_not_back_;  ///< Why what nobody confirmed is not taken back yet.
  std::optional<control::ConfigReport::Last> last_;
  std::array<std::uint64_t, 7> counts_{};  ///< By ReloadResult.
  std::shared_ptr<Reloader*> self_;        ///< Errands that answer late find nobody.
  ErrandThread errands_;
};

}  // namespace teal::app
