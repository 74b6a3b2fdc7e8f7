// LoginThread: the thread that computes the hashes of passwords for all workers, one after the
// other, and knows what it found out for a while, so that a user who comes to every worker costs
// one hash. What waits is bounded; nobody who asks waits for anything here.
//
// Made by WorkerPool on the control thread; submit() from any thread. Runs only from the first
// start() on: without files of passwords there is no such thread. A job whose request has gone is
// passed over.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "base/time.h"
#include "proxy/loop/login_desk.h"
#include "proxy/policy/expiring_map.h"

namespace teal::proxy {

class LoginThread final : public LoginChecker {
 public:
  static constexpr std::size_t kMaxWaiting = 256;
  static constexpr std::size_t kMaxKnown = 16'384;

  /// Called on this object's thread.
  using Reply = std::function<void(std::uint32_t worker, std::uint64_t ticket, bool is_good)>;

  LoginThread(const Clock& clock, Reply reply);
  ~LoginThread();
  LoginThread(const LoginThread&) = delete;
  LoginThread& operator=(const LoginThread&) = delete;

  /// Does nothing where it runs already. An Error: the system has no thread to give.
  Result<void> start();
  /// Waits for the check that is under way, if there is one; the others are never answered.
  void stop();

  bool submit(LoginJob job) override;

 private:
  void run();

  const Clock& clock_;
  const Reply reply_;
  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<LoginJob> waiting_;
  bool is_running_ = false;
  bool is_stopping_ = false;
  ExpiringMap<bool> known_{kMaxKnown};  ///< The thread's own.
  std::thread thread_;
};

}  // namespace teal::proxy
