#include "base/start_thread.h"

#include <pthread.h>

#include <system_error>
#include <utility>

namespace teal {

Result<void> start_thread(std::thread& thread, const std::string& name, const std::string& what,
                          std::function<void()> body) {
  try {
    thread = std::thread([name, body = std::move(body)] {
      pthread_setname_np(pthread_self(), name.c_str());
      body();
    });
  } catch (const std::system_error& error) {
    return Error{Source::internal, "cannot start the thread of " + what + ": " +
                                       error.code().message() +
                                       "; raise the limit of threads (ulimit -u, TasksMax)"};
  }
  return {};
}

}  // namespace teal
