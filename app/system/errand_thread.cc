#include "app/system/errand_thread.h"

#include <sys/resource.h>

#include <utility>

#include <boost/asio/post.hpp>

#include "base/start_thread.h"

namespace teal::app {
namespace {

constexpr int kNiceness = 10;

}  // namespace

ErrandThread::~ErrandThread() {
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

Result<void> ErrandThread::start() {
  return start_thread(thread_, "teal-errand", "errands", [this] {
    // Of this thread alone (setpriority(2), NOTES); where it is not granted, nothing is lost.
    static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNiceness));
    io_.run();
  });
}

void ErrandThread::post(std::function<void()> errand) {
  boost::asio::post(io_, std::move(errand));
}

}  // namespace teal::app
