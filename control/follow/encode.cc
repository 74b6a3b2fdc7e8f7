// What is written; read by control/follow/decode.cc in the same order.
#include <algorithm>
#include <utility>

#include "control/follow/codec.h"
#include "control/follow/wire.h"

namespace teal::control::follow {
namespace {

template <class Enum>
std::uint8_t code(Enum value) {
  return static_cast<std::uint8_t>(value);
}

void write(Writer& to, const Tally& tally) {
  to.number(tally.requests);
  to.number(tally.errors);
}

/// The buckets that have something in them, each by its distance from the one before.
void write(Writer& to, const Histogram& histogram) {
  to.number(static_cast<std::uint64_t>(
      std::ranges::count_if(histogram.buckets, [](std::uint64_t count) { return count > 0; })));
  std::size_t next = 0;
  for (std::size_t i = 0; i < Histogram::kSize; ++i) {
    if (histogram.buckets[i] == 0) continue;
    to.number(i - next);
    to.number(histogram.buckets[i]);
    next = i + 1;
  }
  to.number(histogram.sum_micros);
}

void write(Writer& to, const TrafficCounters& counters) {
  for (const auto& by_class : counters.requests)
    for (const std::uint64_t count : by_class) to.number(count);
  to.number(counters.retries);
  to.number(counters.shielded);
  write(to, counters.duration);
  write(to, counters.given_up);
  write(to, counters.first_byte);
  to.number(counters.by_meaning.size());
  for (const Tally& tally : counters.by_meaning) write(to, tally);
}

void write(Writer& to, const std::vector<StatusWord>& words) {
  to.number(words.size());
  for (const StatusWord& word : words) {
    to.flag(word.grpc.has_value());
    if (word.grpc) {
      to.byte(code(*word.grpc));
    } else {
      to.number(word.first);
      to.number(word.last);
    }
  }
}

void write(Writer& to, const ErrorMeaning& meaning) {
  write(to, meaning.errors);
  write(to, meaning.except);
  to.number(meaning.paths.size());
  for (const std::string& path : meaning.paths) to.text(path);
}

void write(Writer& to, const GroupState& group) {
  to.text(group.revision);
  to.flag(group.fallback);
  to.number(group.targets.size());
  for (const TargetState& target : group.targets) {
    to.number(target.id);
    to.byte(code(target.health));
    to.flag(target.ejected);
    to.flag(target.draining);
    to.text(to_string(target.address));
    to.time(target.accepts_since);
    to.text(std::string_view(target.reason).substr(0, kMaxReason));
  }
}

void write(Writer& to, const FollowedService& service) {
  to.text(service.name);
  to.byte(code(service.live));
  to.number(service.split.of(Colour::green).basis_points());
  to.flag(service.exposure.has_value());
  if (service.exposure) {
    to.number(service.exposure->budget);
    to.number(service.exposure->spent);
  }
  to.number(service.draw);
  to.number(service.step);
  to.flag(service.watches_ages);
  to.number(service.meanings.size());
  for (const ErrorMeaning& meaning : service.meanings) write(to, meaning);
  to.flag(service.judging.has_value());
  if (service.judging) {
    to.number(service.judging->slower_than.size());
    for (const Micros threshold : service.judging->slower_than) to.duration(threshold);
    to.duration(service.judging->overdue);
    to.number(service.judging->compared);
  }
  for (const Colour colour : kColours) write(to, service.groups[colour]);
}

void write(Writer& to, const JudgedEvent& event) {
  to.byte(code(event.kind));
  to.byte(code(event.group));
  to.byte(event.threshold);
  to.number(event.meanings);
  to.real(event.release_probability);
  to.number(event.block);
  to.number(event.block_length);
  to.number(event.block_release);
  to.time(event.began);
  to.duration(std::chrono::duration_cast<Micros>(event.seen - event.began));
  to.number(static_cast<std::uint64_t>((event.seen - event.began) % Micros{1} /
                                       std::chrono::nanoseconds{1}));
  to.number(event.request);
  to.number(event.client);
  to.number(event.place);
  to.number(event.table);
  to.text(event.id());
}

void write(Writer& to, const BadOutcome& outcome) {
  to.number(outcome.target);
  to.byte(code(outcome.failure));
  to.number(outcome.status);
  to.number(outcome.consecutive);
  to.number(outcome.consecutive_gateway);
  to.time(outcome.at);
}

void write(Writer& to, const Hello& hello) {
  to.byte(hello.oldest);
  to.byte(hello.newest);
  to.text(hello.id);
  to.text(hello.config_digest);
  to.number(hello.applied_term);
  to.number(hello.applied_version);
  to.number(hello.recorded);
}

void write(Writer& to, const State& state) {
  to.number(state.version);
  to.flag(state.is_last);
  to.time(state.sent);
  to.flag(state.secrets.has_value());
  if (state.secrets) {
    to.raw(state.secrets->key);
    to.flag(state.secrets->previous.has_value());
    if (state.secrets->previous) to.raw(*state.secrets->previous);
    to.raw(state.secrets->salt);
  }
  to.number(state.services.size());
  for (const FollowedService& service : state.services) write(to, service);
}

void write(Writer& to, const SplitChange& change) {
  to.number(change.version);
  to.text(change.service);
  to.byte(code(change.live));
  to.number(change.split.of(Colour::green).basis_points());
  to.number(change.nonce);
}

void write(Writer& to, const Applied& applied) {
  to.number(applied.version);
  to.number(applied.nonce);
}

void write(Writer& to, const Counters& counters) {
  to.number(counters.sequence);
  to.number(counters.deltas.size());
  for (const CounterDelta& delta : counters.deltas) {
    to.text(delta.key.service);
    to.byte(code(delta.key.colour));
    to.text(delta.key.revision);
    to.byte(code(delta.key.audience));
    to.number(delta.stage.deployment);
    to.number(delta.stage.step);
    write(to, delta.counters);
  }
}

void write(Writer& to, const Events& events) {
  to.number(events.sequence);
  to.time(events.sent);
  to.time(events.settled);
  to.number(events.dropped);
  to.number(events.services.size());
  for (const ServiceEvents& service : events.services) {
    to.text(service.service);
    to.number(service.events.size());
    for (const JudgedEvent& event : service.events) write(to, event);
  }
  to.number(events.outcomes.size());
  for (const BadOutcome& outcome : events.outcomes) write(to, outcome);
}

void write(Writer& to, const Ack& ack) {
  to.number(ack.sequence);
}

}  // namespace

Envelope encode(const Message& message, std::uint64_t term, std::uint64_t number) {
  Writer to;
  std::visit([&to](const auto& one) { write(to, one); }, message);
  return {.kind = static_cast<std::uint8_t>(message.index() + 1),
          .term = term,
          .number = number,
          .payload = to.bytes()};
}

std::vector<State> in_parts(const State& whole) {
  constexpr std::size_t kPart = std::size_t{256} * 1024;
  const auto part = [&whole] {
    return State{.version = whole.version,
                 .is_last = false,
                 .sent = whole.sent,
                 .secrets = std::nullopt,
                 .services = {}};
  };
  std::vector<State> parts{part()};
  parts.front().secrets = whole.secrets;
  std::size_t bytes = 0;
  for (const FollowedService& service : whole.services) {
    Writer alone;
    write(alone, service);
    if (bytes > 0 && bytes + alone.bytes().size() > kPart) {
      parts.push_back(part());
      bytes = 0;
    }
    bytes += alone.bytes().size();
    parts.back().services.push_back(service);
  }
  parts.back().is_last = whole.is_last;
  return parts;
}

}  // namespace teal::control::follow
