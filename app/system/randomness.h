// Random numbers of the system's: keys that nobody may guess, and seeds for what need only differ
// from process to process (base/rng.h).
//
// Any thread. No generator of our own: those that are drawn from often are seeded here.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/siphash.h"

namespace teal::app {

/// Fills `out`, of at most 256 bytes, from the kernel's generator, which does not fail for so few
/// (getrandom(2)).
void draw_random(std::span<std::uint8_t> out);

SipKey draw_sip_key();

/// Of net::Mac.
std::array<std::uint8_t, 32> draw_mac_key();

std::uint64_t draw_seed();

}  // namespace teal::app
