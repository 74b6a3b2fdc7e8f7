// The thread that writes the access log (proxy/telemetry/access_log.h).
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/log_file.h"

namespace teal::proxy {

namespace {

/// How often a reader of a pipe that takes nothing is waited for at the end of the process, 100 ms
/// each.
constexpr int kPatienceAtStop = 20;
/// Written buffers kept for reuse, and the largest one worth keeping.
constexpr std::size_t kSpares = 16;
constexpr std::size_t kMaxSpareBytes = 256 * 1024;

}  // namespace

struct AccessLogWriter::State {
  /// A buffer to write, or the wish to open the file again.
  struct Job {
    ByteBuffer lines;
    bool reopen = false;
    /// Also what the entry itself takes, so that tiny buffers are bounded as well.
    std::size_t cost() const { return lines.size() + sizeof(Job); }
  };

  void run();
  void carry_out(const Job& job);

  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> lost{0};
  std::atomic<int> failing{0};
  std::atomic<int> not_reopened{0};

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> queue;           // guarded by mutex
  std::size_t queued = 0;          // guarded by mutex: sum of costs
  std::vector<ByteBuffer> spares;  // guarded by mutex
  std::atomic<bool> stopping{false};

  // The writer thread's own.
  LogFile file;
  int patience = kPatienceAtStop;

  std::thread thread;
};

void AccessLogWriter::State::run() {
  std::deque<Job> batch;
  std::unique_lock lock{mutex};
  for (;;) {
    wake.wait(lock, [this] { return !queue.empty() || stopping; });
    if (queue.empty()) return;
    batch.swap(queue);
    lock.unlock();
    // `queued` falls only as things are written: the limit holds for what waits in the batch too.
    while (!batch.empty()) {
      Job job = std::move(batch.front());
      batch.pop_front();
      const std::size_t cost = job.cost();
      carry_out(job);
      job.lines.clear();
      lock.lock();
      queued -= cost;
      if (!job.reopen && job.lines.capacity() <= kMaxSpareBytes && spares.size() < kSpares)
        spares.push_back(std::move(job.lines));
      lock.unlock();
    }
    lock.lock();
  }
}

void AccessLogWriter::State::carry_out(const Job& job) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  if (job.reopen) {
    const bool opened = file.reopen();
    not_reopened.store(opened ? 0 : errno, kRelaxed);
    if (!opened) errors.fetch_add(1, kRelaxed);
    return;
  }
  const LogFile::Outcome outcome =
      file.write(job.lines.view(), [this] { return !stopping || --patience > 0; });
  // The error last: who sees it finds the lines counted.
  lost.fetch_add(outcome.lost, kRelaxed);
  if (outcome.error != 0) errors.fetch_add(1, kRelaxed);
  failing.store(outcome.error, std::memory_order_release);
}

AccessLogWriter::AccessLogWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<AccessLogWriter>> AccessLogWriter::open(const config::AccessLog& spec) {
  auto state = std::make_unique<State>();
  if (!state->file.open(spec.path == "stdout" ? std::string{} : spec.path)) {
    const int why = errno;
    const std::string remedy =
        why == ENXIO ? "nobody reads this named pipe: start its reader first" : "create its folder";
    return Error{Source::config, "cannot open the access log '" + spec.path +
                                     "': " + std::generic_category().message(why) + "; " + remedy +
                                     " or set another access_log.path"};
  }

  // Signals belong to the main thread; SIGPIPE of a closed stdout shows as EPIPE here.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::error_code failed;
  try {
    state->thread = std::thread{&State::run, state.get()};
  } catch (const std::system_error& error) {
    failed = error.code();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failed)
    return Error{Source::internal,
                 "cannot start the access log's thread: " + failed.message() +
                     "; raise the limit of threads or set access_log.format to off"};
  return std::unique_ptr<AccessLogWriter>{new AccessLogWriter{std::move(state)}};
}

AccessLogWriter::~AccessLogWriter() {
  {
    const std::lock_guard lock{state_->mutex};
    state_->stopping = true;
  }
  state_->wake.notify_one();
  state_->thread.join();
}

bool AccessLogWriter::submit(ByteBuffer& buffer) {
  if (buffer.empty()) return true;
  {
    const std::lock_guard lock{state_->mutex};
    State::Job job{std::move(buffer), false};
    const std::size_t cost = job.cost();
    if (state_->queued + cost > kQueueBytes) {
      buffer = std::move(job.lines);
      buffer.clear();
      return false;
    }
    if (!state_->spares.empty()) {
      buffer = std::move(state_->spares.back());
      state_->spares.pop_back();
    }
    state_->queued += cost;
    state_->queue.push_back(std::move(job));
  }
  state_->wake.notify_one();
  return true;
}

void AccessLogWriter::reopen() {
  {
    const std::lock_guard lock{state_->mutex};
    // A wish that still waits is as good as two.
    if (!state_->queue.empty() && state_->queue.back().reopen) return;
    State::Job job{{}, true};
    state_->queued += job.cost();
    state_->queue.push_back(std::move(job));
  }
  state_->wake.notify_one();
}

AccessLogHealth AccessLogWriter::health() const {
  AccessLogHealth health;
  health.failing = state_->failing.load(std::memory_order_acquire);
  health.not_reopened = state_->not_reopened.load(std::memory_order_relaxed);
  health.errors = state_->errors.load(std::memory_order_relaxed);
  health.lost = state_->lost.load(std::memory_order_relaxed);
  return health;
}

}  // namespace teal::proxy
