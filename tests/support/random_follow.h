// Messages of the follower protocol, drawn at random but within its limits, for properties that all
// of them have.
//
// One thread. The same seed draws the same messages.
#pragma once

#include <string>
#include <utility>

#include "base/rng.h"
#include "control/follow/messages.h"

namespace teal::control::follow::testing {

class RandomMessages {
 public:
  explicit RandomMessages(std::uint64_t seed) : rng_(seed) {}

  Message draw() {
    switch (below(7)) {
      case 0: return hello();
      case 1: return state();
      case 2: return SplitChange{number(), name(), colour(), split(), number()};
      case 3: return Applied{number(), number()};
      case 4: return counters();
      case 5: return events();
      default: return Ack{number()};
    }
  }

  Hello hello() {
    return {static_cast<std::uint8_t>(below(256)),
            static_cast<std::uint8_t>(below(256)),
            "id-1",
            chance() ? std::string(64, 'a') : std::string(),
            number(),
            number(),
            number()};
  }

  State state() {
    State state{number(), chance(), time(), {}, {}};
    if (chance()) {
      StickySecrets& secrets = state.secrets.emplace();
      for (std::uint8_t& each : secrets.key) each = static_cast<std::uint8_t>(below(256));
      for (std::uint8_t& each : secrets.salt) each = static_cast<std::uint8_t>(below(256));
      if (chance()) secrets.previous = secrets.salt;
    }
    TargetId next = 0;
    for (std::uint64_t i = 0, n = below(4); i < n; ++i)
      state.services.push_back(service("service-" + std::to_string(i), next));
    return state;
  }

  Counters counters() {
    Counters message{number(), {}};
    for (std::uint64_t i = 0, n = below(4); i < n; ++i)
      message.deltas.push_back(
          {{name(), colour(), text(), chance() ? Audience::split : Audience::preview},
           {number(), number()},
           traffic()});
    return message;
  }

  Events events() {
    Events message{number(), time(), time(), number(), {}, {}};
    for (std::uint64_t i = 0, n = below(3); i < n; ++i) {
      ServiceEvents& of = message.services.emplace_back();
      of.service = name();
      for (std::uint64_t e = 0, m = below(5); e < m; ++e) of.events.push_back(event());
    }
    for (std::uint64_t i = 0, n = below(3); i < n; ++i)
      message.outcomes.push_back(
          {static_cast<TargetId>(1 + below(1000)), static_cast<Failure>(below(10)),
           static_cast<std::uint16_t>(below(600)), static_cast<std::uint32_t>(number()), time(),
           static_cast<std::uint32_t>(number())});
    return message;
  }

  FollowedService service(std::string of, TargetId& last_target) {
    FollowedService service{.name = std::move(of),
                            .live = colour(),
                            .split = split(),
                            .exposure = {},
                            .draw = number(),
                            .step = number(),
                            .watches_ages = chance(),
                            .meanings = {},
                            .judging = {},
                            .groups = {}};
    if (chance())
      service.exposure = {static_cast<std::uint32_t>(number()),
                          static_cast<std::uint32_t>(number())};
    for (std::uint64_t i = 0, n = below(3); i < n; ++i)
      service.meanings.push_back(
          {.errors = {{static_cast<std::uint16_t>(300 + below(100)), 450}, {0, 0, grpc()}},
           .except = {{404, 404}},
           .paths = {"/api-" + std::to_string(below(8))}});
    if (chance()) {
      Judging& judging = service.judging.emplace();
      Micros at{0};
      for (std::uint64_t i = 0, n = below(4); i < n; ++i)
        judging.slower_than.push_back(at += Micros{1 + static_cast<std::int64_t>(below(100'000))});
      judging.overdue = Micros{static_cast<std::int64_t>(below(1'000'000))};
      judging.compared = number();
    }
    for (const Colour each : kColours) {
      GroupState& group = service.groups[each];
      group.revision = text();
      group.fallback = chance();
      for (std::uint64_t i = 0, n = below(5); i < n; ++i)
        group.targets.push_back({++last_target, static_cast<Health>(below(3)), chance(), chance(),
                                 address(), time(), text()});
    }
    return service;
  }

  JudgedEvent event() {
    JudgedEvent event;
    event.kind = static_cast<JudgedEvent::Kind>(below(4));
    event.group = colour();
    event.threshold = static_cast<std::uint8_t>(below(kMaxThresholds));
    event.meanings = number();
    event.release_probability = static_cast<double>(below(10'001)) / 10'000;
    event.block = number();
    event.block_length = static_cast<std::uint32_t>(below(1000));
    event.block_release = static_cast<std::uint32_t>(below(event.block_length + 1));
    event.began = time();
    event.seen = event.began + std::chrono::nanoseconds{below(1'000'000'000)};
    event.request = number();
    event.client = number();
    event.place = number();
    event.table = number();
    event.set_request_id(text());
    return event;
  }

  TrafficCounters traffic() {
    TrafficCounters counters;
    for (auto& by_class : counters.requests)
      for (std::uint64_t& count : by_class) count = number();
    counters.retries = number();
    counters.shielded = number();
    for (Histogram* const each : {&counters.duration, &counters.given_up, &counters.first_byte}) {
      for (std::uint64_t i = 0, n = below(8); i < n; ++i)
        each->buckets[static_cast<std::size_t>(below(Histogram::kSize))] = 1 + below(1'000'000);
      each->sum_micros = number();
    }
    for (std::uint64_t i = 0, n = below(3); i < n; ++i) {
      const std::uint64_t requests = below(1000);
      counters.by_meaning.push_back({requests, below(requests + 1)});
    }
    return counters;
  }

  std::uint64_t below(std::uint64_t end) { return rng_.below(static_cast<std::uint32_t>(end)); }

 private:
  bool chance() { return below(2) == 1; }
  /// Of all sizes.
  std::uint64_t number() { return rng_.next() >> below(64); }
  Colour colour() { return chance() ? Colour::green : Colour::blue; }
  Split split() {
    return Split::with(Colour::green, Weight{static_cast<std::uint32_t>(below(10'001))});
  }
  GrpcStatus grpc() { return static_cast<GrpcStatus>(below(kGrpcStatuses)); }
  Mono time() { return Mono{std::chrono::nanoseconds{rng_.next() >> (2 + below(60))}}; }
  std::string name() { return "n" + text(); }
  std::string text() {
    std::string out;
    for (std::uint64_t i = 0, n = below(20); i < n; ++i)
      out.push_back(static_cast<char>(below(256)));
    return out;
  }
  Address address() {
    if (chance()) return {Address::Kind::unix_socket, "/run/" + std::to_string(below(99)), 0};
    return {Address::Kind::ip4, "10.0.0." + std::to_string(below(256)),
            static_cast<std::uint16_t>(1 + below(65'535))};
  }

  Rng rng_;
};

}  // namespace teal::control::follow::testing
