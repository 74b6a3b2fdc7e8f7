// What is read; written by control/follow/encode.cc in the same order.
#include <set>
#include <utility>

#include "control/follow/codec.h"
#include "control/follow/wire.h"

namespace teal::control::follow {
namespace {

constexpr std::uint64_t kU32 = UINT32_MAX;
constexpr std::uint16_t kLastStatus = 599;

template <class Enum>
Enum choice(Reader& from, Enum last) {
  return static_cast<Enum>(from.choice(static_cast<std::uint8_t>(last)));
}

std::string name(Reader& from) {
  std::string text = from.text(kMaxName);
  if (text.empty()) from.fail("a name is empty");
  return text;
}

bool is_visible(std::string_view text) {
  for (const char each : text)
    if (each <= ' ' || each > '~') return false;
  return true;
}

Split split(Reader& from) {
  return Split::with(Colour::green, Weight{from.number_as<std::uint32_t>(Weight::kWhole)});
}

Tally tally(Reader& from) {
  Tally read;
  read.requests = from.number();
  read.errors = from.number(read.requests);
  return read;
}

Histogram histogram(Reader& from) {
  Histogram read;
  const std::size_t count = from.count(Histogram::kSize, 2);
  std::size_t at = 0;
  for (std::size_t i = 0; i < count && from.ok(); ++i, ++at) {
    at += static_cast<std::size_t>(from.number(Histogram::kSize));
    const std::uint64_t value = from.number();
    if (at >= Histogram::kSize) return from.fail("a bucket is none of those there are"), read;
    if (value == 0) return from.fail("a bucket is empty and told"), read;
    read.buckets[at] = value;
  }
  read.sum_micros = from.number();
  return read;
}

TrafficCounters counters(Reader& from) {
  TrafficCounters read;
  for (auto& by_class : read.requests)
    for (std::uint64_t& count : by_class) count = from.number();
  read.retries = from.number();
  read.shielded = from.number();
  read.duration = histogram(from);
  read.given_up = histogram(from);
  read.first_byte = histogram(from);
  const std::size_t meanings = from.count(ErrorMeanings::kMaxMeanings, 2);
  for (std::size_t i = 0; i < meanings && from.ok(); ++i) read.by_meaning.push_back(tally(from));
  return read;
}

std::vector<StatusWord> words(Reader& from) {
  std::vector<StatusWord> read;
  const std::size_t count = from.count(kMaxWords, 2);
  for (std::size_t i = 0; i < count && from.ok(); ++i) {
    StatusWord word;
    if (from.flag()) {
      word.grpc = choice(from, GrpcStatus::unauthenticated);
    } else {
      word.first = from.number_as<std::uint16_t>(kLastStatus);
      word.last = from.number_as<std::uint16_t>(kLastStatus);
      if (word.last < word.first) from.fail("a range of statuses ends before it begins");
    }
    read.push_back(word);
  }
  return read;
}

ErrorMeaning meaning(Reader& from) {
  ErrorMeaning read;
  read.errors = words(from);
  read.except = words(from);
  const std::size_t paths = from.count(ErrorMeanings::kMaxPaths, 1);
  for (std::size_t i = 0; i < paths && from.ok(); ++i) {
    read.paths.push_back(from.text(kMaxPath));
    if (!read.paths.back().starts_with('/')) from.fail("a path does not begin with '/'");
  }
  if (from.ok() && read.is_usual()) from.fail("the usual meaning is told");
  return read;
}

std::vector<ErrorMeaning> meanings(Reader& from) {
  std::vector<ErrorMeaning> read;
  const std::size_t count = from.count(ErrorMeanings::kMaxMeanings, 3);
  for (std::size_t i = 0; i < count && from.ok(); ++i) read.push_back(meaning(from));
  if (!ErrorMeanings::fits(read)) from.fail("there are too many paths of meanings");
  return read;
}

Judging judging(Reader& from) {
  Judging read;
  const std::size_t thresholds = from.count(kMaxThresholds, 1);
  for (std::size_t i = 0; i < thresholds && from.ok(); ++i) {
    const Micros next = from.duration();
    if (!read.slower_than.empty() && next <= read.slower_than.back())
      from.fail("thresholds do not rise");
    read.slower_than.push_back(next);
  }
  read.overdue = from.duration();
  read.compared = from.number();
  return read;
}

Address address(Reader& from) {
  const std::string text = from.text(kMaxAddress);
  if (!from.ok()) return {};
  Result<Address> read = parse_target_address(text);
  if (!read) return from.fail("an address is none"), Address{};
  if (to_string(*read) != text) from.fail("an address is not written as Teal writes it");
  return *std::move(read);
}

TargetState target(Reader& from, std::set<TargetId>& known) {
  TargetState read;
  read.id = from.number_as<TargetId>(kU32);
  read.health = choice(from, Health::unhealthy);
  read.ejected = from.flag();
  read.draining = from.flag();
  read.address = address(from);
  read.accepts_since = from.time();
  read.reason = from.text(kMaxReason);
  if (from.ok() && (read.id == 0 || !known.insert(read.id).second))
    from.fail("two targets have one id, or one has none");
  return read;
}

GroupState group(Reader& from, std::set<TargetId>& known) {
  constexpr std::size_t kLeast = 8;
  GroupState read;
  read.revision = from.text(kMaxName);
  read.fallback = from.flag();
  const std::size_t targets = from.count(kMaxTargets, kLeast);
  for (std::size_t i = 0; i < targets && from.ok(); ++i)
    read.targets.push_back(target(from, known));
  return read;
}

FollowedService service(Reader& from, std::set<TargetId>& known) {
  FollowedService read;
  read.name = name(from);
  read.live = choice(from, Colour::green);
  read.split = split(from);
  if (from.flag()) {
    ExposureState& exposure = read.exposure.emplace();
    exposure.budget = from.number_as<std::uint32_t>(kU32);
    exposure.spent = from.number_as<std::uint32_t>(kU32);
  }
  read.draw = from.number();
  read.step = from.number();
  read.watches_ages = from.flag();
  read.meanings = meanings(from);
  if (from.flag()) read.judging = judging(from);
  for (const Colour colour : kColours) read.groups[colour] = group(from, known);
  return read;
}

JudgedEvent judged_event(Reader& from) {
  constexpr std::uint64_t kNanos = 999;
  JudgedEvent read;
  read.kind = choice(from, JudgedEvent::Kind::settled);
  read.group = choice(from, Colour::green);
  read.threshold = from.choice(kMaxThresholds - 1);
  read.meanings = from.number();
  read.release_probability = from.share();
  read.block = from.number();
  read.block_length = from.number_as<std::uint32_t>(kU32);
  read.block_release = from.number_as<std::uint32_t>(read.block_length);
  read.began = from.time();
  const Micros age = from.duration();
  const std::chrono::nanoseconds rest{from.number_as<std::int64_t>(kNanos)};
  // Two numbers that fit may not fit together.
  if (age + rest > Mono::max() - read.began) from.fail("a time is too late");
  if (from.ok()) read.seen = read.began + age + rest;
  read.request = from.number();
  read.client = from.number();
  read.place = from.number();
  read.table = from.number();
  read.set_request_id(from.text(read.request_id.size()));
  return read;
}

BadOutcome bad_outcome(Reader& from) {
  BadOutcome read;
  read.target = from.number_as<TargetId>(kU32);
  read.failure = choice(from, Failure::not_begun);
  read.status = from.number_as<std::uint16_t>(kLastStatus);
  read.consecutive = from.number_as<std::uint32_t>(kU32);
  read.consecutive_gateway = from.number_as<std::uint32_t>(kU32);
  read.at = from.time();
  if (from.ok() && read.target == 0) from.fail("an outcome is of nobody");
  return read;
}

void read(Reader& from, Hello& hello) {
  constexpr std::size_t kMaxId = 64;
  hello.oldest = from.byte();
  hello.newest = from.byte();
  hello.id = from.text(kMaxId);
  hello.config_digest = from.text(kMaxName);
  hello.applied_term = from.number();
  hello.applied_version = from.number();
  hello.recorded = from.number();
  if (from.ok() && (hello.id.empty() || !is_visible(hello.id) || !is_visible(hello.config_digest)))
    from.fail("an id or a digest is none");
}

void read(Reader& from, State& state) {
  constexpr std::size_t kLeast = 16;
  state.version = from.number();
  state.is_last = from.flag();
  state.sent = from.time();
  if (from.flag()) {
    StickySecrets& secrets = state.secrets.emplace();
    from.raw(secrets.key);
    if (from.flag()) from.raw(secrets.previous.emplace());
    from.raw(secrets.salt);
  }
  const std::size_t services = from.count(kMaxServices, kLeast);
  std::set<TargetId> targets;
  std::set<std::string> names;
  for (std::size_t i = 0; i < services && from.ok(); ++i) {
    state.services.push_back(service(from, targets));
    if (!names.insert(state.services.back().name).second) from.fail("a service is told twice");
  }
}

void read(Reader& from, SplitChange& change) {
  change.version = from.number();
  change.service = name(from);
  change.live = choice(from, Colour::green);
  change.split = split(from);
  change.nonce = from.number();
}

void read(Reader& from, Applied& applied) {
  applied.version = from.number();
  applied.nonce = from.number();
}

void read(Reader& from, Counters& of) {
  constexpr std::size_t kLeast = 31;
  of.sequence = from.number();
  const std::size_t deltas = from.count(kMaxDeltas, kLeast);
  for (std::size_t i = 0; i < deltas && from.ok(); ++i) {
    CounterDelta& delta = of.deltas.emplace_back();
    delta.key.service = name(from);
    delta.key.colour = choice(from, Colour::green);
    delta.key.revision = from.text(kMaxName);
    delta.key.audience = choice(from, Audience::preview);
    delta.stage.deployment = from.number();
    delta.stage.step = from.number();
    delta.counters = counters(from);
  }
}

void read(Reader& from, Events& events) {
  constexpr std::size_t kLeastEvent = 23;
  constexpr std::size_t kLeastOutcome = 6;
  events.sequence = from.number();
  events.sent = from.time();
  events.settled = from.time();
  events.dropped = from.number();
  const std::size_t services = from.count(kMaxServices, 3);
  for (std::size_t i = 0; i < services && from.ok(); ++i) {
    ServiceEvents& of = events.services.emplace_back();
    of.service = name(from);
    const std::size_t count = from.count(kMaxEvents, kLeastEvent);
    for (std::size_t e = 0; e < count && from.ok(); ++e) of.events.push_back(judged_event(from));
  }
  const std::size_t outcomes = from.count(kMaxEvents, kLeastOutcome);
  for (std::size_t i = 0; i < outcomes && from.ok(); ++i)
    events.outcomes.push_back(bad_outcome(from));
}

void read(Reader& from, Ack& ack) {
  ack.sequence = from.number();
}

template <class One>
Result<Message> decode_as(std::string_view payload) {
  Reader from(payload);
  One one;
  read(from, one);
  from.end();
  if (from.ok()) return Message{std::move(one)};
  return Error{Source::upstream, std::string("a message of the peer is refused: ") + from.fault()};
}

}  // namespace

Result<Message> decode(const Envelope& envelope) {
  switch (envelope.kind) {
    case 1: return decode_as<Hello>(envelope.payload);
    case 2: return decode_as<State>(envelope.payload);
    case 3: return decode_as<SplitChange>(envelope.payload);
    case 4: return decode_as<Applied>(envelope.payload);
    case 5: return decode_as<Counters>(envelope.payload);
    case 6: return decode_as<Events>(envelope.payload);
    case 7: return decode_as<Ack>(envelope.payload);
    default:
      return Error{Source::upstream, "a message of the peer is refused: its kind is unknown"};
  }
}

}  // namespace teal::control::follow
