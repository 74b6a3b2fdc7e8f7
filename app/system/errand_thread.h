// ErrandThread: a thread for what takes its time and may wait for a disk, so that the control
// thread does not: reading and checking a configuration, ending an access log. One errand after the
// other, at a lower priority than everybody who serves.
//
// Owned by the control thread. Errands answer by posting to it; the last one ends before the object
// does.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "base/result.h"

namespace teal::app {

class ErrandThread {
 public:
  ErrandThread() = default;
  ErrandThread(const ErrandThread&) = delete;
  ErrandThread& operator=(const ErrandThread&) = delete;
  ~ErrandThread();

  /// An Error: the system has no thread to give.
  Result<void> start();
  /// Requires: it has started.
  void post(std::function<void()> errand);

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::thread thread_;
};

}  // namespace teal::app
