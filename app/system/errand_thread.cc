#include "app/system/errand_thread.h"

#include <pthread.h>
#include <sys/resource.h>

#include <system_error>
#include <utility>

#include <boost/asio/post.hpp>

namespace teal::app {
namespace {

constexpr int kNiceness = 10;

}  // namespace

ErrandThread::~ErrandThread() {
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

Result<void> ErrandThread::start() {
  try {
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "teal-errand");
      // Of this thread alone (setpriority(2), NOTES); where it is not granted, nothing is lost.
      static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNiceness));
      io_.run();
    });
  } catch (const std::system_error& error) {
    return Error{Source::internal, "cannot start the thread of errands: " + error.code().message() +
                                       "; raise the limit of threads (ulimit -u, TasksMax)"};
  }
  return {};
}

void ErrandThread::post(std::function<void()> errand) {
  boost::asio::post(io_, std::move(errand));
}

}  // namespace teal::app
