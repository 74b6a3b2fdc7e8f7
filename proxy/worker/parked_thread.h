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
    place_ = std::move(from.place_);
    thread_ = std::move(from.thread_);
    return *this;
  }
  ~ParkedThread() { end(); }

  static Result<ParkedThread> make() {
    ParkedThread parked;
    parked.place_ = std::make_unique<Place>();
    try {
      parked.thread_ = std::thread([place = parked.place_.get()] {
        place->given.acquire();
        if (place->work) place->work();
      });
    } catch (const std::system_error& error) {
      return Error{Source::internal, error.code().message()};
    }
    return parked;
  }

  /// Requires: it has got nothing to do yet.
  void run(std::function<void()> work) {
    place_->work = std::move(work);
    place_->is_given = true;
    place_->given.release();
  }

  explicit operator bool() const { return thread_.joinable(); }

 private:
  struct Place {
    std::binary_semaphore given{0};
    std::function<void()> work;
    bool is_given = false;  ///< The owner's.
  };

  void end() {
    if (!thread_.joinable()) return;
    if (!place_->is_given) run({});
    thread_.join();
    place_ = nullptr;
  }

  std::unique_ptr<Place> place_;
  std::thread thread_;
};

}  // namespace teal::proxy
