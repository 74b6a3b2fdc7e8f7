// A front door that nobody asks anything rests: its workers sleep longer, and whoever comes wakes
// them at once.
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// So often the thread of that name has begun to wait; 0 where there is none.
long waits(pid_t process, const std::string& thread) {
  const std::string field = "\nvoluntary_ctxt_switches:";
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    if (content(task.path() / "comm") != thread + "\n") continue;
    const std::string status = content(task.path() / "status");
    return std::stol(status.substr(status.find(field) + field.size()));
  }
  return 0;
}

/// Looks at spans of 400 ms until there is one in which it waited no more often than that. The
/// thread may not have its name yet: Teal is up before its workers have had the processor.
bool wakes_at_most(pid_t process, const std::string& thread, double per_second) {
  long before = 0;
  const bool has_waited = eventually([&] { return (before = waits(process, thread)) > 0; });
  Mono from = std::chrono::steady_clock::now();
  return has_waited && eventually([&] {
           const Mono now = std::chrono::steady_clock::now();
           const double seconds = std::chrono::duration<double>(now - from).count();
           if (seconds < 0.4) return false;
           const long after = waits(process, thread);
           const bool is_rare = static_cast<double>(after - before) <= per_second * seconds;
           from = now;
           before = after;
           return is_rare;
         });
}

TEST(Rest, AWorkerWithoutConnectionsWakesTenTimesASecondAndNotFifty) {
  Target target;
  Teal teal(shop({target.address()}));
  EXPECT_TRUE(wakes_at_most(teal.id(), "teal-w0", 25));
  for (int i = 0; i < 3; ++i) {
    HttpClient client(teal.listener());
    EXPECT_EQ(client.get("/").status, 200) << "whoever comes ends the rest";
  }
  EXPECT_TRUE(wakes_at_most(teal.id(), "teal-w0", 25)) << "and it rests again";
}

}  // namespace
}  // namespace teal::e2e
