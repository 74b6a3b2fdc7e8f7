// What sticky cookies are made with: secrets of this installation of Teal. Control makes them,
// keeps them in the store and changes the key now and then (control/deploy/sticky_keeper.h);
// workers get them with the table of routes and derive what each service needs
// (proxy/routing/sticky.h).
//
// A plain value. Never shown, logged or exported.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace teal {

struct StickySecrets {
  using Key = std::array<std::uint8_t, 32>;

  Key key{};                    ///< New cookies are sealed with it.
  std::optional<Key> previous;  ///< Cookies sealed with it are still taken.
  /// Draws the groups. It is never changed: a client would change its group with it.
  Key salt{};

  bool operator==(const StickySecrets&) const = default;
};

}  // namespace teal
