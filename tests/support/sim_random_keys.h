// The keys of random configurations (sim_random_config.h): how the text of each is made by chance,
// so that all of them together are valid.
//
// Pure given the generator.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"

namespace teal::sim {

struct KeyContext {
  Rng& rng;
  const std::string& folder;                  ///< Of the files.
  const std::vector<std::string>& listeners;  ///< Of the configuration.
  const std::vector<std::string>& auths;      ///< Services that it may have asked.
  std::string self;                           ///< The listener or service.
  std::set<std::string>& taken;               ///< Matches that others have.
};

struct KeyMaker {
  std::string_view name;
  std::uint32_t percent;  ///< How often it is there; 100: it has to be.
  /// Lines of YAML; empty: the key is left out.
  std::string (*make)(KeyContext& context);
};

std::span<const KeyMaker> listener_keys();
/// Besides `route:NAME`, one for each route.
std::span<const KeyMaker> service_keys();

}  // namespace teal::sim
