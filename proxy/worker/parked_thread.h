// ParkedThread: a thread that is made before there is anything for it to do, so that a system that
// has none to give says so while a start can still be refused.
//
// Its owner's thread. Ending it waits for the work.
#pragma once

#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/result.h"

namespace teal::proxy {

class ParkedThread {
 public:
  ParkedThread() = default;
  ParkedThread(ParkedThread&&) = default;
  ParkedThread& operator=(ParkedThread&& from) noexcept {
    end();
    handover_ = std::move(from.handover_);
    thread_ = std::move(from.thread_);
    return *this;
  }
  ~ParkedThread() { end(); }

  static Result<ParkedThread> make() {
    ParkedThread parked;
    parked.handover_ = std::make_unique<Handover>();
    try {
      parked.thread_ = std::thread([handover = parked.handover_.get()] {
        handover->given.acquire();
        if (handover->work) handover->work();
      });
    } catch (const std::system_error& error) {
      return Error{Source::internal, error.code().message()};
    }
    return parked;
  }

  /// Requires: it has got nothing to do yet.
  void run(std::function<void()> work) {
    handover_->work = std::move(work);
    handover_->is_given = true;
    handover_->given.release();
  }

  explicit operator bool() const { return thread_.joinable(); }

 private:
  struct Handover {
    std::binary_semaphore given{0};
    std::function<void()> work;
    bool is_given = false;  ///< The owner's.
  };

  void end() {
    if (!thread_.joinable()) return;
    if (!handover_->is_given) run({});
    thread_.join();
    handover_ = nullptr;
  }

  std::unique_ptr<Handover> handover_;
  std::thread thread_;
};

}  // namespace teal::proxy
