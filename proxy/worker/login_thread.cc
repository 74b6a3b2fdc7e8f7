#include "proxy/worker/login_thread.h"

#include <utility>

#include "base/start_thread.h"

namespace teal::proxy {

LoginThread::LoginThread(const Clock& clock, Reply reply)
    : clock_(clock), reply_(std::move(reply)) {}

LoginThread::~LoginThread() {
  stop();
}

Result<void> LoginThread::start() {
  const std::scoped_lock lock(mutex_);
  if (is_running_ || is_stopping_) return {};
  if (Result<void> made = start_thread(thread_, "teal-login", "logins", [this] { run(); }); !made)
    return made;
  is_running_ = true;
  return {};
}

void LoginThread::stop() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
    waiting_.clear();
  }
  has_work_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool LoginThread::submit(LoginJob job) {
  {
    const std::scoped_lock lock(mutex_);
    if (!is_running_ || is_stopping_ || waiting_.size() >= kMaxWaiting) return false;
    waiting_.push_back(std::move(job));
  }
  has_work_.notify_one();
  return true;
}

void LoginThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
    if (is_stopping_) return;
    const LoginJob job = std::move(waiting_.front());
    waiting_.pop_front();
    if (job.is_abandoned->load(std::memory_order_relaxed)) continue;
    lock.unlock();
    const bool* const known = known_.find(job.tag, clock_.mono());
    const bool is_good =
        known != nullptr ? *known
                         : job.file->check(job.user, {job.password.data(), job.password.size()});
    if (known == nullptr)
      known_.put(job.tag, is_good, clock_.mono() + (is_good ? kKnownGood : kKnownBad));
    reply_(job.worker, job.ticket, is_good);
    lock.lock();
  }
}

}  // namespace teal::proxy
