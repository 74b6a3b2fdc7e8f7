#include "proxy/worker/worker.h"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.h"
#include "proxy/downstream/acceptor.h"

namespace teal::proxy {
namespace {

constexpr Millis kSecond{1000};
/// After so many ticks with nothing to do the worker takes only each fifth.
constexpr int kTicksUntilRest = 50;
constexpr Millis kRest{100};
/// However many events there are, time limits hold.
constexpr int kMostLateTurns = 8;

}  // namespace

Worker::Worker(const WorkerLoop::Options& options, const RouteUpdate& first,
               std::vector<ListenerSocket> sockets)
    : loop_(options, first,
            {.before_turn = [this] { loop_.begin_turn(); },
             .after_each = [this] { after_each(); },
             .woken =
                 [this] {
                   quiet_ticks_ = 0;
                   read_mail();
                 },
             .after_turn = [this] { after_turn(); }}),
      reports_(loop_.reports()),
      connections_(loop_),
      mailbox_(loop_.reactor()) {
  for (ListenerSocket& each : sockets) add_listener(std::move(each));
}

void Worker::add_listener(ListenerSocket socket) {
  acceptors_.emplace_back(new Acceptor(connections_, std::move(socket.socket), socket.listener,
                                       socket.is_shared, socket.set));
}

Worker::~Worker() {
  TEAL_ASSERT(!thread_);
}

void Worker::start(ParkedThread thread) {
  for (const auto& acceptor : acceptors_)
    if (const Result<void> opened = acceptor->open(); !opened)
      loop_.shared().log->error("cannot watch a listener", {{"reason", opened.error().message()}});
  thread_ = std::move(thread);
  thread_.run([this] { run(); });
}

void Worker::join() {
  thread_ = {};
}

void Worker::run() {
  pthread_setname_np(pthread_self(), ("teal-w" + std::to_string(loop_.worker())).c_str());
  loop_.begin_turn();
  // It may have begun before the worker did.
  if (loop_.overload() != applied_overload_) follow_overload();
  while (!is_stopping_) loop_.reactor().turn(until_next_turn());
  // Whatever is left is let go of on its own thread.
  for (const auto& acceptor : acceptors_) acceptor->close();
  acceptors_.clear();
  loop_.runtimes().close_all_idle();
  loop_.clear();
  loop_.access_log().hand_over(loop_.counters());
}

// ---- a turn of the loop -------------------------------------------------------------------------

void Worker::after_each() {
  loop_.finish_callback();
  connections_.exchanges().free_surplus();
  if (mailbox_.has_items()) read_mail();
}

void Worker::after_turn() {
  if (loop_.resume_next()) after_each();
  if (loop_.now() >= next_tick_ && has_looked()) tick();
  if (loop_.overload() != applied_overload_) [[unlikely]]
    follow_overload();
  // What they say may make others have something to say; those come next.
  while (loop_.finish_turns()) after_each();
  reports_.watermark().on_idle();
  reports_.send_urgent(loop_.now());
  if (loop_.access_log().is_full()) loop_.access_log().hand_over(loop_.counters());
}

/// Where the worker did not run for a while (a stopped process, a busy machine), what came
/// meanwhile has come in time: before a tick that is late, which ends what is over its time, it is
/// looked at.
bool Worker::has_looked() {
  if (loop_.now() < next_tick_ + net::TimerWheel::kTick || connections_.is_empty()) return true;
  ++late_turns_;
  return late_turns_ > kMostLateTurns || (late_turns_ > 1 && loop_.reactor().is_drained());
}

/// Until something is due, if no event comes before. A tick that is late after a rest is so for
/// nobody: no client is connected, and whatever comes ends the rest.
Millis Worker::until_next_turn() const {
  if (loop_.has_next()) return Millis(0);
  const Millis wait = std::max(std::chrono::ceil<Millis>(next_tick_ - loop_.now()), Millis(0));
  return quiet_ticks_ < kTicksUntilRest || !connections_.is_empty() ? wait : std::max(wait, kRest);
}

void Worker::tick() {
  next_tick_ = loop_.now() + net::TimerWheel::kTick;
  late_turns_ = 0;
  quiet_ticks_ = connections_.is_empty() ? std::min(quiet_ticks_ + 1, kTicksUntilRest) : 0;
  reports_.begin_tick();
  loop_.tick();
  after_each();
  connections_.take_census();
  reports_.end_tick(loop_.now());
  if (loop_.now() - last_second_ >= kSecond) each_second();
  loop_.access_log().hand_over(loop_.counters());
}

void Worker::each_second() {
  last_second_ = loop_.now();
  loop_.runtimes().end_second();
  if (std::vector<TargetTally> tallies = loop_.runtimes().take_tallies(); !tallies.empty())
    loop_.control().tallies(std::move(tallies));
  loop_.runtimes().close_surplus(loop_.idle_pool(), loop_.overload() > OverloadLevel::none);
  after_each();
}

void Worker::follow_overload() {
  const bool is_worse = loop_.overload() > applied_overload_;
  applied_overload_ = loop_.overload();
  loop_.follow_overload();
  const bool accepts = applied_overload_ < OverloadLevel::no_accepts;
  if (!loop_.is_draining())
    for (const auto& acceptor : acceptors_) acceptor->set_accepting(accepts);
  if (is_worse) connections_.shorten_idle_all();
  after_each();
}

// ---- what other threads bring -------------------------------------------------------------------

/// What is done may lead to further callbacks, after which there may be mail again: that waits for
/// what came before it.
void Worker::read_mail() {
  if (std::exchange(is_reading_mail_, true)) return;
  while (mailbox_.has_items())
    for (const std::function<void()>& each : mailbox_.take()) each();
  is_reading_mail_ = false;
}

std::optional<ReportBatch> Worker::take_reports() {
  ReportSender::Taken taken = reports_.take();
  if (taken.is_waited_for) post([this] { reports_.send_urgent(loop_.now()); });
  return std::move(taken.reports);
}

void Worker::take_routes(const RouteUpdate& update) {
  loop_.take_routes(update);
  after_each();
}

void Worker::take_change(WorkerChange change) {
  if (change.log) {
    loop_.access_log().hand_over(loop_.counters());
    loop_.access_log().configure(change.log->format, change.log->query, change.log->writer);
  }
  for (const auto& [set, listener] : change.taken_over)
    for (const auto& acceptor : acceptors_)
      if (acceptor->set() == set) acceptor->take_over(listener);
  const std::size_t before = acceptors_.size();
  for (ListenerSocket& each : change.opened) add_listener(std::move(each));
  for (std::size_t i = before; i < acceptors_.size(); ++i) {
    if (loop_.is_draining()) {
      acceptors_[i]->close();
    } else if (const Result<void> opened = acceptors_[i]->open(); !opened) {
      loop_.shared().log->error("cannot watch a listener", {{"reason", opened.error().message()}});
    } else {
      acceptors_[i]->set_accepting(applied_overload_ < OverloadLevel::no_accepts);
    }
  }
  std::erase_if(acceptors_, [&](const auto& acceptor) {
    if (std::ranges::find(change.closed, acceptor->set()) == change.closed.end()) return false;
    acceptor->close();
    return true;
  });
  for (const ListenerId listener : change.ended) connections_.drain_listener(listener);
  after_each();
}

void Worker::serve_connection(AcceptedConnection accepted) {
  if (is_stopping_) {
    connections_.release_place(accepted.listener);
    return;
  }
  connections_.serve_connection(std::move(accepted));
  after_each();
}

void Worker::on_called(const GroupLimits& limits) {
  const auto group = loop_.runtimes().group_of(limits);
  TEAL_ASSERT(group != nullptr);  // It has shown that its requests wait.
  loop_.queues().wake_soon(group);
  after_each();
}

void Worker::on_login_checked(std::uint64_t ticket, bool is_good) {
  loop_.logins().on_checked(ticket, is_good, loop_.now());
  after_each();
}

void Worker::drain(std::function<void()> idle) {
  loop_.begin_drain();
  for (const auto& acceptor : acceptors_) acceptor->close();
  connections_.drain(std::move(idle));
  after_each();
  connections_.report_idle();
}

void Worker::stop() {
  is_stopping_ = true;
  for (const auto& acceptor : acceptors_) acceptor->close();
  connections_.abort_all();
  after_each();
  loop_.runtimes().close_all_idle();
}

}  // namespace teal::proxy
