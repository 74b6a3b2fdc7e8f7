// The people of the stress test (tests/e2e/stress_test.cc): targets that do what a request asks of
// them, honest clients, which have to get a whole answer to everything, and rude ones, which leave
// whenever they like. Each draws from a generator of its own, so that a seed says what everybody
// tries; who meets whom is the machine's affair.
//
// One thread for each client.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "base/rng.h"
#include "tests/support/e2e_target.h"

namespace teal::e2e {

/// What went wrong; any thread.
class Complaints {
 public:
  void add(std::string what);
  bool empty() const { return count_ == 0; }
  /// The first few.
  std::string text() const;

 private:
  std::atomic<std::size_t> count_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> list_;
};

/// What all clients share.
struct StressScene {
  Address door;
  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> answers{0};  ///< To honest clients.
  Complaints complaints;
};

/// Plays what the header x-do of each request says: ok, 500, 503, big, slow, reset, nonsense,
/// stall, cut; an upgrade becomes an echo.
void play_what_is_asked(TargetConnection& connection, const SeenRequest& request);

void be_honest(StressScene& scene, Rng rng);
/// Over HTTP/2, several requests at once.
void be_honest_http2(StressScene& scene, Rng rng);
void be_rude(StressScene& scene, Rng rng);
void be_rude_http2(StressScene& scene, Rng rng);
/// Upgrades and talks; leaves in one of the ways in which that can end.
void tunnel(StressScene& scene, Rng rng);

}  // namespace teal::e2e
