// The thread that writes the access log (proxy/access_log.h).
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "proxy/access_log.h"

namespace teal::proxy {

namespace {

/// How long a reader of stdout that takes nothing may hold up the end of the process.
constexpr int kPollMillis = 100;
constexpr int kPatienceAtStop = 20;
/// Written buffers kept for reuse, and the largest one worth keeping.
constexpr std::size_t kSpares = 16;
constexpr std::size_t kLargestSpare = 256 * 1024;

int open_log(const std::string& path) {
  int file = -1;
  do file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  while (file < 0 && errno == EINTR);
  return file;
}

bool is_regular(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

struct AccessLogWriter::State {
  /// A buffer to write, or the wish to open the file again.
  struct Job {
    Text lines;
    bool reopen = false;
    /// Also what the entry itself takes, so that tiny buffers are bounded as well.
    std::size_t cost() const { return lines.size() + sizeof(Job); }
  };

  State(std::string file_path, int opened)
      : path(std::move(file_path)), file(opened), regular(is_regular(opened)) {}
  ~State() {
    if (!path.empty()) ::close(file);
  }

  void run();
  void reopen_file();
  void write_lines(std::string_view lines);
  bool wait_until_writable();

  const std::string path;  ///< Empty: stdout, which is not ours to close.
  std::atomic<std::uint64_t> errors{0};

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> queue;     // guarded by mutex
  std::size_t queued = 0;    // guarded by mutex: sum of costs
  std::vector<Text> spares;  // guarded by mutex
  std::atomic<bool> stopping{false};

  // The writer thread's own.
  int file;
  bool regular;
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
      if (job.reopen)
        reopen_file();
      else
        write_lines(job.lines.view());
      job.lines.clear();
      lock.lock();
      queued -= cost;
      if (!job.reopen && job.lines.capacity() <= kLargestSpare && spares.size() < kSpares)
        spares.push_back(std::move(job.lines));
      lock.unlock();
    }
    lock.lock();
  }
}

void AccessLogWriter::State::reopen_file() {
  if (path.empty()) return;
  const int opened = open_log(path);
  if (opened < 0) {
    // The old file is better than none.
    errors.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  ::close(file);
  file = opened;
  regular = is_regular(file);
}

void AccessLogWriter::State::write_lines(std::string_view lines) {
  while (!lines.empty()) {
    // A pipe that is not read must not hold the thread in write(): it takes PIPE_BUF bytes at once
    // when poll() says so.
    if (!regular && !wait_until_writable()) break;
    const std::size_t size = regular ? lines.size() : std::min<std::size_t>(lines.size(), PIPE_BUF);
    const ssize_t written = ::write(file, lines.data(), size);
    if (written >= 0) {
      lines.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      break;
    }
  }
  if (!lines.empty()) errors.fetch_add(1, std::memory_order_relaxed);
}

/// False: the process is stopping and has waited long enough.
bool AccessLogWriter::State::wait_until_writable() {
  for (;;) {
    pollfd wanted{file, POLLOUT, 0};
    const int ready = ::poll(&wanted, 1, kPollMillis);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
    if (stopping && --patience <= 0) return false;
  }
}

AccessLogWriter::AccessLogWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<AccessLogWriter>> AccessLogWriter::open(const config::AccessLog& spec) {
  const bool to_stdout = spec.path == "stdout";
  const int file = to_stdout ? STDOUT_FILENO : open_log(spec.path);
  const int why = errno;
  if (file < 0)
    return Error{Source::config, "cannot open the access log '" + spec.path +
                                     "': " + std::generic_category().message(why) +
                                     "; create its folder or set another access_log.path"};
  auto state = std::make_unique<State>(to_stdout ? std::string{} : spec.path, file);

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

bool AccessLogWriter::submit(Text& buffer) {
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

std::uint64_t AccessLogWriter::write_errors() const {
  return state_->errors.load(std::memory_order_relaxed);
}

}  // namespace teal::proxy
