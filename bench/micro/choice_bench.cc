// Where a request goes: its route, its group, its target.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "proxy/routing/balancer.h"
#include "proxy/routing/route_index.h"
#include "proxy/routing/splitter.h"

namespace teal::bench {
namespace {

/// As many services as asked for, each with a host and two prefixes of its own.
std::shared_ptr<const proxy::ListenerRoutes> routes_to(std::int64_t services) {
  std::vector<ServiceId> ids;
  std::vector<proxy::SharedSpec> specs;
  for (std::int64_t i = 0; i < services; ++i) {
    const std::string host = "shop" + std::to_string(i) + ".example.com";
    config::Service service;
    service.name = "shop" + std::to_string(i);
    service.match = {{"public", host, "/"}, {"public", host, "/api"}};
    ids.push_back(static_cast<ServiceId>(i));
    specs.push_back(std::make_shared<const config::Service>(std::move(service)));
  }
  return proxy::build_routes("public", ids, specs, nullptr);
}

void match_route(benchmark::State& state) {
  const auto routes = routes_to(state.range(0));
  const net::RequestHead head;  // No route has a condition on it.
  std::string buffer;
  for (auto _ : state) {
    const std::string_view host = proxy::normalise_host("shop0.example.com:8080", buffer);
    benchmark::DoNotOptimize(routes->match(host, "/api/v1/items", head));
  }
}
BENCHMARK(match_route)->Arg(1)->Arg(100);

void draw_group(benchmark::State& state) {
  proxy::Splitter splitter{1};
  const Weight weight{static_cast<std::uint32_t>(state.range(0))};
  for (auto _ : state) benchmark::DoNotOptimize(splitter.draw(weight));
}
BENCHMARK(draw_group)->Arg(0)->Arg(1'000)->Arg(3'333);

std::vector<proxy::Candidate> candidates_of(std::int64_t size) {
  std::vector<proxy::Candidate> candidates(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < candidates.size(); ++i)
    candidates[i].in_flight = static_cast<std::uint32_t>(i % 7);
  return candidates;
}

void pick_by_least_request(benchmark::State& state) {
  proxy::Balancer balancer{1};
  const auto candidates = candidates_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(balancer.least_request(candidates));
}
BENCHMARK(pick_by_least_request)->Arg(1)->Arg(3)->Arg(50);

void pick_in_turn(benchmark::State& state) {
  proxy::Balancer balancer{1};
  const auto candidates = candidates_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(balancer.round_robin(candidates));
}
BENCHMARK(pick_in_turn)->Arg(1)->Arg(3)->Arg(50);

void pick_by_hash(benchmark::State& state) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    names.push_back("10.0.0." + std::to_string(i) + ":8080");
  const std::vector<std::string_view> views(names.begin(), names.end());
  const proxy::HashRing ring{views};
  const auto candidates = candidates_of(state.range(0));
  std::uint64_t key = 0;
  for (auto _ : state) benchmark::DoNotOptimize(ring.pick(mix64(++key), candidates));
}
BENCHMARK(pick_by_hash)->Arg(3)->Arg(50);

}  // namespace
}  // namespace teal::bench
