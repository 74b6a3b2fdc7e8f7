// judge_bench: simulates deployments with the shipped judge (health/) and the shipped splitter
// (proxy/), seeded: how often it is wrong, how soon it is right, and what threshold rules do on the
// same traffic. `./dev bench judge [--deployments N] [--events N] [--runs N] [--seed N]`
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "bench/judge/tables.h"

int main(int argc, char** argv) {
  teal::bench::Options options;
  const std::map<std::string, std::uint64_t*> known{{"--deployments", &options.deployments},
                                                    {"--events", &options.events},
                                                    {"--runs", &options.runs},
                                                    {"--seed", &options.seed}};
  for (int i = 1; i < argc; i += 2) {
    const auto found = known.find(argv[i]);
    const std::uint64_t value = i + 1 < argc ? std::strtoull(argv[i + 1], nullptr, 10) : 0;
    if (found == known.end() || value == 0) {
      std::fprintf(stderr,
                   "usage: ./dev bench judge [--deployments N] [--events N] [--runs N] [--seed N]\n"
                   "       N from 1; '%s' is none of them or has no number\n",
                   argv[i]);
      return 2;
    }
    *found->second = value;
  }
  teal::bench::print_false_rollbacks(options);
  teal::bench::print_sticky(options);
  teal::bench::print_events_to_trip(options);
  teal::bench::print_timing(options);
  teal::bench::print_seconds(options);
  teal::bench::print_rules(options);
  return 0;
}
