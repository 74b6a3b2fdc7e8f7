// Simulated clients of a sticky service, in tests and in `./dev bench judge`: drawn when they come,
// there again with their cookie, some of them unlucky wherever they are sent, many behind one
// address; and somebody who spends only cookies that lead to the release on what fails anyway.
#pragma once

#include <cstdint>
#include <vector>

#include "base/judged_event.h"
#include "proxy/routing/splitter.h"
#include "tests/support/simulated_traffic.h"

namespace teal {

struct StickyHabits {
  std::uint32_t places = 2'000;  ///< Addresses that all clients share.
  double stays = 0.95;           ///< That a client comes again after a request.
  double forged = 0;             ///< Requests of the one who has collected cookies.
  std::uint32_t forgers = 1;     ///< Addresses that he has.
};

class StickyTraffic {
 public:
  StickyTraffic(std::uint64_t seed, Weight release, const StickyHabits& habits)
      : splitter_(seed),
        rng_(mix64(seed ^ 0x737469636b79U)),
        release_(release),
        habits_(habits),
        present_(kPresent) {}

  /// Draws until a request ends badly.
  JudgedEvent next_bad() {
    while (true)
      if (draw()) return event_;
  }

 private:
  static constexpr std::uint32_t kPresent = 200;

  struct Client {
    std::uint64_t number = 0;
    std::uint64_t place = 0;
    double bad = 0;  ///< How likely its requests are to fail, in either group.
    bool release = false;
  };

  bool draw() {
    event_ = {};
    event_.request = ++requests_;
    if (uniform(rng_) < habits_.forged) {
      come_back({++clients_, kForger + rng_.below(habits_.forgers), 1, true});
      return true;
    }
    Client& client = present_[rng_.below(kPresent)];
    if (client.number != 0 && uniform(rng_) < habits_.stays)
      come_back(client);
    else
      welcome(client);
    return uniform(rng_) < client.bad;
  }
  void welcome(Client& client) {
    const proxy::Drawn drawn = splitter_.draw(release_);
    client = {++clients_, 1 + rng_.below(habits_.places), rng_.below(10) == 0 ? 0.5 : 0.02,
              drawn.release};
    event_.release_probability = drawn.release_probability;
    event_.block = drawn.block;
    event_.block_length = drawn.block_length;
    event_.block_release = drawn.block_release;
    tell(client);
  }
  void come_back(const Client& client) {
    event_.release_probability = static_cast<double>(release_.basis_points()) / Weight::kWhole;
    event_.place = client.place;
    tell(client);
  }
  void tell(const Client& client) {
    event_.client = client.number;
    event_.group = client.release ? Colour::green : Colour::blue;
  }

  static constexpr std::uint64_t kForger = 1'000'000;

  proxy::Splitter splitter_;
  Rng rng_;
  Weight release_;
  StickyHabits habits_;
  std::vector<Client> present_;
  JudgedEvent event_;
  std::uint64_t clients_ = 0;
  std::uint64_t requests_ = 0;
};

}  // namespace teal
