#include "health/probe/monitor.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/start_thread.h"
#include "net/io/mailbox.h"

namespace teal::health {

namespace {

struct Change {
  Monitor::Owner owner = 0;
  TargetId target = 0;
  Health health = Health::unknown;
  std::string reason;
};

/// What the probe thread has found, on its way to control. A post that is under way holds it, so
/// that the Monitor may go at any time.
struct News {
  // ---- both threads
  std::mutex mutex;
  std::vector<Change> found;
  bool is_posted = false;  ///< Control will look.

  // ---- control
  std::deque<Change> taken;
  Monitor* reader = nullptr;  ///< Null: it has gone.
};

}  // namespace

struct Monitor::State {
  State(boost::asio::io_context& io, const Clock& clock, std::uint64_t seed, Report whom)
      : control(io),
        report(std::move(whom)),
        loop(
            clock, seed,
            [this](Owner owner, TargetId target, Health health, std::string reason) {
              found.push_back({owner, target, health, std::move(reason)});
            },
            [this] {
              for (Command& command : mailbox.take()) command(*this);
            }),
        mailbox(loop.reactor()) {}

  using Command = std::function<void(State&)>;

  // ---- control
  void tell(Command command) { mailbox.put(std::move(command)); }
  bool watches(const Change& change) const;

  boost::asio::io_context& control;
  const Report report;
  bool is_stopped = false;
  std::size_t watched = 0;
  std::size_t at_once = ProbeLoop::kDefaultLimit;
  /// Sorted. A change that was found before its target left is dropped by them.
  std::unordered_map<Owner, std::vector<TargetId>> ids;
  std::shared_ptr<News> news = std::make_shared<News>();

  // ---- the probe thread
  void run();
  void send_news();
  static void deliver(const std::shared_ptr<News>& news, boost::asio::io_context& control);

  ProbeLoop loop;
  std::vector<Change> found;  ///< In the present turn.
  bool is_ending = false;

  // ---- both
  net::Mailbox<Command> mailbox;
  std::thread thread;
};

// ---- on the probe thread -----------------------------------------------------------------------

void Monitor::State::run() {
  while (!is_ending) {
    loop.turn();
    send_news();
  }
}

void Monitor::State::send_news() {
  if (found.empty()) return;
  {
    const std::scoped_lock lock(news->mutex);
    news->found.insert(news->found.end(), std::make_move_iterator(found.begin()),
                       std::make_move_iterator(found.end()));
    found.clear();
    if (std::exchange(news->is_posted, true)) return;
  }
  boost::asio::post(control, [news = news, &control = control] { deliver(news, control); });
}

// ---- on the control thread ---------------------------------------------------------------------

/// A slice of what was found. Listeners are called last and from copies: they may watch others, or
/// destroy the Monitor.
void Monitor::State::deliver(const std::shared_ptr<News>& news, boost::asio::io_context& control) {
  if (news->reader == nullptr) return;
  {
    const std::scoped_lock lock(news->mutex);
    news->taken.insert(news->taken.end(), std::make_move_iterator(news->found.begin()),
                       std::make_move_iterator(news->found.end()));
    news->found.clear();
    news->is_posted = news->taken.size() > kSlice;
    if (news->is_posted) boost::asio::post(control, [news, &control] { deliver(news, control); });
  }
  for (std::size_t told = 0; told < kSlice && !news->taken.empty(); ++told) {
    const Change change = std::move(news->taken.front());
    news->taken.pop_front();
    const State& state = *news->reader->state_;
    if (!state.watches(change)) continue;
    const Report listener = state.report;
    listener(change.target, change.health, change.reason);
    if (news->reader == nullptr) return;
  }
}

bool Monitor::State::watches(const Change& change) const {
  const auto owned = ids.find(change.owner);
  return owned != ids.end() && std::ranges::binary_search(owned->second, change.target);
}

Monitor::Monitor(boost::asio::io_context& control, const Clock& clock, std::uint64_t seed,
                 Report report)
    : state_(std::make_unique<State>(control, clock, seed, std::move(report))) {
  state_->news->reader = this;
}

Monitor::~Monitor() {
  state_->news->reader = nullptr;
  if (!state_->thread.joinable()) return;
  state_->tell([](State& state) { state.is_ending = true; });
  state_->thread.join();
}

Result<void> Monitor::start() {
  return start_thread(state_->thread, "teal-probe", "probes",
                      [state = state_.get()] { state->run(); });
}

void Monitor::watch(Owner owner, std::shared_ptr<const ProbePlan> plan,
                    std::vector<ProbedTarget> targets) {
  if (state_->is_stopped) return;
  std::vector<TargetId> ids;
  ids.reserve(targets.size());
  for (const ProbedTarget& target : targets) ids.push_back(target.id);
  std::ranges::sort(ids);
  std::vector<TargetId>& own = state_->ids[owner];
  state_->watched += ids.size() - own.size();
  own = std::move(ids);
  if (own.empty()) state_->ids.erase(owner);
  state_->tell([owner, plan = std::move(plan), targets = std::move(targets)](State& state) mutable {
    state.loop.watch(owner, std::move(plan), std::move(targets));
  });
}

void Monitor::limit(std::size_t at_once) {
  if (std::exchange(state_->at_once, at_once) == at_once) return;
  state_->tell([at_once](State& state) { state.loop.limit(at_once); });
}

void Monitor::stop() {
  state_->is_stopped = true;
  state_->watched = 0;
  state_->ids.clear();
  state_->tell([](State& state) { state.loop.forget_all(); });
}

std::size_t Monitor::watched() const {
  return state_->watched;
}

const ProbeFigures& Monitor::figures() const {
  return state_->loop.figures();
}

}  // namespace teal::health
