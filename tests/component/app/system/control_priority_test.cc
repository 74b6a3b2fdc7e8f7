#include "app/system/control_priority.h"

#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace teal::app {
namespace {

class NotedLog final : public Log {
 public:
  void write(Level /*level*/, std::string_view message,
             std::initializer_list<LogField> /*fields*/) override {
    messages.emplace_back(message);
  }
  std::vector<std::string> messages;
};

int priority() {
  return ::getpriority(PRIO_PROCESS, 0);
}

/// The thread that changes its priority is one of its own: others go on as they were.
void on_a_thread(const std::function<void()>& test) {
  std::thread(test).join();
}

TEST(ControlPriority, GoesBeforeOthersFromThenOnOrSaysOnceThatItMayNot) {
  on_a_thread([] {
    NotedLog log;
    const int before = priority();
    ControlPriority control(log);
    EXPECT_EQ(priority(), before) << "not before it is asked to: threads would inherit it";
    control.raise();
    control.raise();
    if (log.messages.empty()) {
      EXPECT_EQ(priority(), std::max(before - 10, -20));
    } else {
      EXPECT_EQ(log.messages.size(), 1U);
      EXPECT_EQ(priority(), before);
    }
  });
}

TEST(ControlPriority, DoesLongWorkAtTheOrdinaryPriority) {
  on_a_thread([] {
    NotedLog log;
    const int before = priority();
    ControlPriority control(log);
    control.raise();
    const int raised = priority();
    {
      const ControlPriority::Ordinary no_haste(control);
      EXPECT_EQ(priority(), before);
    }
    EXPECT_EQ(priority(), raised);
  });
}

}  // namespace
}  // namespace teal::app
