// The tables of `./dev bench judge`, each printed by one function. docs/judge.md holds what they
// print.
#pragma once

#include <cstdint>

namespace teal::bench {

struct Options {
  std::uint64_t deployments = 10'000;  ///< Per cell of false rollbacks.
  std::uint64_t events = 1'000;        ///< Bad events that each of them goes through.
  std::uint64_t runs = 1'000;          ///< Per cell of everything else.
  std::uint64_t seed = 20'261'124;
};

void print_false_rollbacks(const Options& options);
void print_sticky(const Options& options);
void print_events_to_trip(const Options& options);
void print_timing(const Options& options);
void print_seconds(const Options& options);
void print_rules(const Options& options);

}  // namespace teal::bench
