// What random configurations and the requests to them name, so that they meet: few hosts, paths,
// headers and addresses, of which some are parts of others. And how one of several is drawn.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/rng.h"

namespace teal::sim {

using Name = std::string_view;

inline constexpr auto kListeners = std::to_array<Name>({"public", "inner", "preview", "edge"});
inline constexpr auto kServices =
    std::to_array<Name>({"shop", "cart", "blog", "rpc", "api", "auth", "gate"});
/// Those of them that others may ask whether a request goes on.
inline constexpr auto kAuthServices = std::to_array<Name>({"auth", "gate"});
inline constexpr auto kRoutes = std::to_array<Name>({"r-api", "r-assets", "r-old", "r-robots"});

/// Empty: any.
inline constexpr auto kHosts =
    std::to_array<Name>({"", "", "", "", "", "shop.example.com", "cart.example.com",
                         "*.example.com", "*.shop.example.com", "a.example.org", "*.org"});
inline constexpr auto kPaths =
    std::to_array<Name>({"/", "/", "/", "/a", "/a/b", "/ab", "/api", "/api/v1", "/static",
                         "/checkout", "/A", "/a.b", "/robots.txt", "/caf%C3%A9"});
/// In order, as the methods of a match are.
inline constexpr auto kMethods = std::to_array<Name>({"DELETE", "GET", "HEAD", "POST", "PUT"});

/// A header and what configurations ask of it, in order; the value is empty where it is to be
/// there.
struct AskedHeader {
  Name name, kind, value;
};
inline constexpr auto kHeaders = std::to_array<AskedHeader>({{"accept-language", "prefix", "de"},
                                                             {"x-api-key", "", ""},
                                                             {"x-shop", "exact", "de"},
                                                             {"x-shop", "prefix", "d"}});
inline constexpr auto kRevisions = std::to_array<Name>({"v1", "v2", "v3"});

template <class T, std::size_t kCount>
const T& pick(Rng& rng, const std::array<T, kCount>& from) {
  return from[rng.below(kCount)];
}
/// So often of a hundred times.
inline bool happens(Rng& rng, std::uint32_t percent) {
  return rng.below(100) < percent;
}

}  // namespace teal::sim
