#include "app/reload/reloader.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

namespace teal::app {
namespace {

using control::ConfigRow;
using control::ReloadRefusal;
using control::ReloadReport;
using control::ReloadResult;

/// Before what could not be brought back is tried once more.
constexpr Millis kTryAgain{5000};
/// For a word in favour of what was not confirmed before a restart, however long that took.
constexpr Millis kAfterStart{5000};
/// Changes that an event names.
constexpr std::size_t kToldChanges = 5;

ReloadRefusal refused(int status, std::string type, std::string detail, std::string remedy) {
  ReloadRefusal refusal;
  refusal.error =
      control::not_loaded(status, std::move(type), std::move(detail), std::move(remedy));
  return refusal;
}

std::string in_words(const std::vector<config::Change>& changes) {
  std::string text;
  for (const config::Change& each : changes) {
    if (&each - changes.data() == kToldChanges) {
      text += "; and " + std::to_string(changes.size() - kToldChanges) + " more";
      break;
    }
    text += (text.empty() ? "" : "; ") + to_string(each);
  }
  return text;
}

}  // namespace

Reloader::Reloader(boost::asio::io_context& io, ReloadHost& host, ConfigSource source,
                   const Clock& clock, Log& log)
    : io_(io),
      host_(host),
      source_(std::move(source)),
      clock_(clock),
      log_(log),
      confirmation_(io),
      self_(std::make_shared<Reloader*>(this)) {}

void Reloader::begin(control::ConfigStore& store) {
  store_ = &store;
  history_ = control::ConfigHistory(store.rows());
  ConfigRow row;
  row.at = clock_.wall();
  row.by = "start";
  row.text = *source_.text;
  row.digest = control::config_digest(row.text);
  row.mark = mark_of(source_.meaning, store_->id());
  if (std::optional<ConfigRow> taken = history_.take(std::move(row)))
    store_->save(*std::move(taken), history_.first());
  resume_confirmation();
}

void Reloader::stop() {
  is_stopped_ = true;
  confirmation_.cancel();
}

// ---- commands -----------------------------------------------------------------------------------

std::optional<ReloadRefusal> Reloader::why_not(bool is_dry_run) const {
  if (const std::string why = host_.why_not_now(); !why.empty() || is_stopped_)
    return refused(503, "not-now", why.empty() ? "Teal is ending" : why, "try again later");
  if (job_)
    return refused(409, "reload-in-progress", "a " + job_->by + " is under way",
                   "wait until it is over, and load again");
  if (confirm_by_ && !is_dry_run)
    return refused(
        409, "unconfirmed",
        "generation " + std::to_string(history_.current().generation) + " waits to be confirmed",
        "`teal config confirm` keeps it, `teal config rollback` goes back now");
  return std::nullopt;
}

void Reloader::reload(const config::ReloadRequest& request, Done done) {
  if (auto refusal = why_not(request.dry_run)) return done(*std::move(refusal));
  const std::uint64_t present = history_.current().generation;
  if (request.if_generation && *request.if_generation != present)
    return done(refused(412, "generation-mismatch",
                        "Teal runs on generation " + std::to_string(present) + ", not on " +
                            std::to_string(*request.if_generation),
                        "look at what was changed meanwhile: GET /v1/config/history"));
  start({.by = "reload",
         .confirm_within = request.confirm_within,
         .is_dry_run = request.dry_run,
         .done = std::move(done)},
        nullptr, source_.path);
}

void Reloader::on_signal() {
  if (job_ || host_.is_starting()) {
    reloads_again_ = true;
    return;
  }
  if (const auto refusal = why_not(false)) {
    log_.error("SIGHUP: the configuration was not loaded",
               {{"reason", refusal->error.detail}, {"remedy", refusal->error.remedy}});
    return;
  }
  start({.by = "SIGHUP", .done = [](const auto&) {}}, nullptr, source_.path);
}

void Reloader::on_serving() {
  if (!job_ && std::exchange(reloads_again_, false)) on_signal();
}

void Reloader::rollback(const config::RollbackRequest& request, Done done) {
  auto refusal = why_not(true);
  if (refusal) return done(*std::move(refusal));
  const ConfigRow* const to = request.to ? history_.find(*request.to) : history_.previous();
  if (to == nullptr)
    return done(refused(404, "unknown-generation",
                        request.to ? "generation " + std::to_string(*request.to) + " is not kept"
                                   : "there is no generation before this one",
                        "GET /v1/config/history lists those that are kept"));
  std::shared_ptr<const std::string> text;
  if (to == history_.previous()) text = previous_text_;
  if (!text) {
    Result<std::string> saved = store_->text(to->generation);
    if (!saved)
      return done(refused(503, "store-failing", saved.error().message(), "repair the store"));
    text = std::make_shared<const std::string>(*std::move(saved));
  }
  start({.by = "rollback",
         .is_rollback = true,
         .confirms_access = request.confirm_access,
         .done = std::move(done)},
        std::move(text), "generation " + std::to_string(to->generation));
}

control::ApiResult<control::ConfigReport> Reloader::confirm() {
  if (!confirm_by_)
    return control::ApiError{
        409, "nothing-to-confirm", "There is nothing to confirm",
        "generation " + std::to_string(history_.current().generation) + " stays as it is",
        "GET /v1/config says whether one waits"};
  settle();
  host_.announce(Level::info, "config.confirmed",
                 "generation " + std::to_string(history_.current().generation) + " stays");
  return report();
}

// ---- a reload -----------------------------------------------------------------------------------

void Reloader::start(Job job, std::shared_ptr<const std::string> text, const std::string& name) {
  Preparation of{.source = source_,
                 .text = std::move(text),
                 .name = name,
                 .pages = host_.error_pages(),
                 .means = host_.means(),
                 .is_dry_run = job.is_dry_run,
                 .clock = &clock_,
                 .log = &log_};
  job_ = std::move(job);
  errands_.post([of = std::move(of), &io = io_, weak = std::weak_ptr(self_)] {
    const auto prepared = std::make_shared<Prepared>(prepare(of));
    boost::asio::post(io, [prepared, weak] {
      if (const auto self = weak.lock()) (*self)->on_prepared(std::move(*prepared));
    });
  });
}

std::optional<ReloadRefusal> Reloader::refuse(const PreparedConfig& prepared) {
  std::optional<ReloadRefusal> refusal;
  if (const std::string why = host_.why_not_now(); !why.empty() || is_stopped_)
    refusal = refused(503, "not-now", why.empty() ? "Teal is ending" : why, "try again later");
  else if (const auto error = host_.refuse(*prepared.config))
    refusal = ReloadRefusal{ReloadResult::refused, *error, {}, {}};
  else if (job_->is_rollback && !job_->confirms_access && prepared.changes_access())
    refusal = refused(409, "access-changes",
                      "going back changes who may come in: " + in_words(prepared.changes),
                      "look at `changes`, and say that it is meant: --confirm-access");
  else if (job_->confirm_within > Millis{0} && *prepared.text == *source_.text)
    refusal = refused(422, "cannot-be-taken-back",
                      "only files of error pages have changed, and no generation keeps what they "
                      "said before",
                      "reload without confirm_within");
  if (refusal) refusal->changes = prepared.changes;
  return refusal;
}

void Reloader::on_prepared(Prepared prepared) {
  if (!prepared) return finish(prepared.error());
  if (prepared->is_unchanged) {
    if (!job_->is_dry_run) is_diverged_ = is_diverged_ && job_->is_rollback;
    if (job_->is_rollback) settle();  // It says what it would go back to.
    return finish(
        ReloadReport{.result = job_->is_dry_run ? ReloadResult::checked : ReloadResult::unchanged,
                     .warnings = std::move(prepared->warnings)});
  }
  if (auto refusal = refuse(*prepared)) {
    finish(*std::move(refusal));
  } else if (job_->is_dry_run) {
    finish(ReloadReport{.result = ReloadResult::checked,
                        .changes = std::move(prepared->changes),
                        .warnings = std::move(prepared->warnings)});
  } else if (const Result<void> ready = host_.make_ready(*prepared); !ready) {
    ReloadRefusal failed =
        refused(422, "cannot-be-had", ready.error().message(), "free what it needs");
    failed.result = ReloadResult::failed;
    failed.changes = std::move(prepared->changes);
    finish(std::move(failed));
  } else {
    commit(*std::move(prepared));
  }
}

void Reloader::commit(PreparedConfig prepared) {
  ConfigRow row;
  row.at = clock_.wall();
  row.by = job_->by;
  row.digest = prepared.digest;
  row.mark = mark_of(prepared.meaning, store_->id());
  row.text = *prepared.text;
  settle();
  previous_text_ = std::exchange(source_.text, prepared.text);
  is_diverged_ = job_->is_rollback && !prepared.is_of_file;
  std::optional<ConfigRow> taken = history_.take(std::move(row));
  prepared.generation = history_.current().generation;
  auto changes = std::move(prepared.changes);
  auto warnings = std::move(prepared.warnings);
  host_.commit(prepared, [weak = std::weak_ptr(self_), changes = std::move(changes),
                          warnings = std::move(warnings)](std::shared_ptr<void> replaced) mutable {
    if (const auto self = weak.lock())
      (*self)->on_applied(std::move(replaced), std::move(changes), std::move(warnings));
  });
  // No publication waits for the disk, and no verdict for more of this than it has to.
  if (taken)
    boost::asio::post(io_, [weak = std::weak_ptr(self_), row = *std::move(taken)] {
      if (const auto self = weak.lock()) (*self)->store_->save(row, (*self)->history_.first());
    });
}

void Reloader::on_applied(std::shared_ptr<void> replaced, std::vector<config::Change> changes,
                          std::vector<config::Problem> warnings) {
  errands_.post([replaced = std::move(replaced)]() mutable { replaced.reset(); });
  const std::string generation = "generation " + std::to_string(history_.current().generation);
  host_.announce(job_->by == "unconfirmed" ? Level::warning : Level::info,
                 job_->is_rollback ? "config.rolled_back" : "config.changed",
                 generation + " by " + job_->by + ": " + in_words(changes));
  if (job_->confirm_within > Millis{0}) await_confirmation(job_->confirm_within);
  finish(
      ReloadReport{.result = job_->is_rollback ? ReloadResult::rolled_back : ReloadResult::applied,
                   .changes = std::move(changes),
                   .warnings = std::move(warnings)});
}

void Reloader::finish(ReloadReport report) {
  report.generation = history_.current().generation;
  report.digest = history_.current().digest;
  report.confirm_within = left_to_confirm();
  const ReloadResult result = report.result;
  end(result, "", std::move(report));
}

void Reloader::finish(ReloadRefusal refusal) {
  const std::string why = refusal.error.detail;
  const ReloadResult result = refusal.result;
  if (!job_->is_dry_run)
    host_.announce(Level::warning, "config.refused",
                   "generation " + std::to_string(history_.current().generation) +
                       " stays: " + why + "; " + refusal.error.remedy);
  // Nobody else is told of them.
  if (job_->by == "SIGHUP")
    for (const config::Problem& each : refusal.problems)
      log_.error("SIGHUP: the configuration has a problem", {{"problem", to_string(each)}});
  end(result, why, std::move(refusal));
}

void Reloader::end(ReloadResult result, const std::string& text,
                   boost::system::result<ReloadReport, ReloadRefusal> answer) {
  const Job job = *std::exchange(job_, std::nullopt);
  if (!job.is_dry_run) {
    ++counts_[static_cast<std::size_t>(result)];
    last_ = {result, clock_.wall(), text};
  }
  if (job.by == "SIGHUP" && result == ReloadResult::unchanged)
    log_.info("SIGHUP: the configuration says what Teal runs on");
  job.done(std::move(answer));
  if (std::exchange(reloads_again_, false)) on_signal();
}

// ---- what is to be confirmed --------------------------------------------------------------------

std::optional<Millis> Reloader::left_to_confirm() const {
  if (!confirm_by_) return std::nullopt;
  return std::max(Millis{0}, std::chrono::ceil<Millis>(*confirm_by_ - clock_.mono()));
}

void Reloader::await_confirmation(Millis within) {
  confirm_by_ = clock_.mono() + within;
  store_->await({history_.current().generation, clock_.wall() + within});
  confirmation_.expires_after(within);
  confirmation_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) go_back();
  });
}

void Reloader::settle() {
  confirm_by_.reset();
  why_not_back_.clear();
  confirmation_.cancel();
  store_->await({});
}

/// Over a restart too somebody has to say that it is well.
void Reloader::resume_confirmation() {
  const control::ConfirmationRow pending = store_->confirmation();
  if (pending.generation == 0) return;
  const ConfigRow* const before = history_.previous();
  if (pending.generation != history_.current().generation || before == nullptr) {
    store_->await({});
    return;
  }
  const Result<std::string> text = store_->text(before->generation);
  if (!text) {
    store_->await({});
    host_.announce(Level::error, "config.unconfirmed",
                   "nobody has confirmed generation " + std::to_string(pending.generation) +
                       ", and the one before cannot be brought back: " + text.error().message());
    return;
  }
  previous_text_ = std::make_shared<const std::string>(*text);
  const auto left = std::chrono::ceil<Millis>(pending.by - clock_.wall());
  await_confirmation(std::max(left, kAfterStart));
  host_.announce(Level::warning, "config.unconfirmed", *warning());
}

/// Nobody has said that it is well: whoever it shuts out cannot.
void Reloader::go_back() {
  if (is_stopped_ || !confirm_by_) return;
  const auto try_again = [this] {
    confirmation_.expires_after(kTryAgain);
    confirmation_.async_wait([this](const boost::system::error_code& ec) {
      if (!ec) go_back();
    });
  };
  if (job_ || !host_.why_not_now().empty()) {
    why_not_back_ = job_ ? "a " + job_->by + " is under way" : host_.why_not_now();
    return try_again();
  }
  start({.by = "unconfirmed",
         .is_rollback = true,
         .confirms_access = true,
         .done =
             [this, try_again](const auto& answer) {
               if (answer || !confirm_by_) return;
               why_not_back_ = answer.error().error.detail;
               try_again();
             }},
        previous_text_, "the generation before");
}

}  // namespace teal::app
