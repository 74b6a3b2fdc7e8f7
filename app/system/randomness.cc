#include "app/system/randomness.h"

#include <sys/random.h>

#include <array>
#include <bit>
#include <chrono>

#include "base/assert.h"

namespace teal::app {

void draw_random(std::span<std::uint8_t> out) {
  TEAL_ASSERT(out.size() <= 256);
  const ssize_t drawn = ::getrandom(out.data(), out.size(), 0);
  TEAL_ASSERT(drawn == static_cast<ssize_t>(out.size()));
}

SipKey draw_sip_key() {
  std::array<std::uint8_t, sizeof(SipKey)> random{};
  draw_random(random);
  return std::bit_cast<SipKey>(random);
}

std::array<std::uint8_t, 32> draw_mac_key() {
  std::array<std::uint8_t, 32> key{};
  draw_random(key);
  return key;
}

std::uint64_t draw_seed() {
  std::uint64_t seed = 0;
  if (::getrandom(&seed, sizeof seed, 0) != sizeof seed)
    seed = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  return seed;
}

}  // namespace teal::app
