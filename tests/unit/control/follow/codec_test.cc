#include "control/follow/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <type_traits>

#include "control/follow/service.h"
#include "control/follow/wire.h"
#include "tests/support/random_follow.h"

namespace teal::control::follow {
namespace {

using ::testing::HasSubstr;

std::string payload_of(const Message& message) {
  return encode(message, 1, 1).payload;
}

Result<Message> decoded(std::size_t index, std::string payload) {
  return decode({.kind = static_cast<std::uint8_t>(index + 1), .payload = std::move(payload)});
}

/// Why a message is refused that was changed in this way; empty: it is not.
std::string fault_of(const Message& message) {
  const Result<Message> back = decode(encode(message, 1, 1));
  return back ? std::string() : back.error().message();
}

FollowedService shop() {
  FollowedService service{.name = "shop",
                          .live = Colour::blue,
                          .split = Split::with(Colour::green, Weight{1000}),
                          .exposure = ExposureState{10, 2},
                          .draw = 3,
                          .step = 1,
                          .watches_ages = true,
                          .meanings = {ErrorMeaning::of_clients()},
                          .judging = Judging{{Micros{100}, Micros{200}}, Micros{900}, 3},
                          .groups = {}};
  service.groups[Colour::blue] = {
      "v1",
      {{1, Health::healthy, false, false, {Address::Kind::ip4, "10.0.0.1", 80}, Mono{}, "ok"}},
      false};
  return service;
}
State state(FollowedService service) {
  return {.version = 5,
          .is_last = true,
          .sent = Mono{},
          .secrets = std::nullopt,
          .services = {std::move(service)}};
}
/// A change to the usual service, and what is said of it.
std::string with(const std::function<void(FollowedService&)>& change) {
  FollowedService service = shop();
  change(service);
  return fault_of(state(service));
}
TargetState& target(FollowedService& service) {
  return service.groups[Colour::blue].targets.front();
}

TEST(FollowMessages, AreTheSameAgain) {
  constexpr std::uint64_t kSeed = 1130;
  for (std::uint64_t seed = kSeed; seed < kSeed + 2000; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const Message message = testing::RandomMessages(seed).draw();
    const Envelope envelope = encode(message, seed, 7);
    EXPECT_EQ(envelope.term, seed);
    const Result<Message> back = decode(envelope);
    ASSERT_TRUE(back) << back.error();
    ASSERT_EQ(back->index(), message.index());
    EXPECT_EQ(payload_of(*back), envelope.payload);
    // Of what can be compared, by value too.
    std::visit(
        [&](const auto& one) {
          using One = std::decay_t<decltype(one)>;
          if constexpr (!std::is_same_v<One, Events>) {
            EXPECT_EQ(std::get<One>(*back), one);
          }
        },
        message);
  }
}

TEST(FollowMessages, ThatAreCutOrGoOnAreRefused) {
  constexpr std::uint64_t kSeed = 77;
  for (std::uint64_t seed = kSeed; seed < kSeed + 100; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const Message message = testing::RandomMessages(seed).draw();
    const std::string whole = payload_of(message);
    for (std::size_t size = 0; size < std::min<std::size_t>(whole.size(), 400); ++size)
      EXPECT_FALSE(decoded(message.index(), whole.substr(0, size))) << size;
    const Result<Message> longer = decoded(message.index(), whole + '\0');
    ASSERT_FALSE(longer);
    EXPECT_THAT(longer.error().message(), HasSubstr("more follows"));
  }
}

TEST(FollowMessages, WithAnyByteChangedAreRefusedOrSoundThemselves) {
  constexpr std::uint64_t kSeed = 5000;
  for (std::uint64_t seed = kSeed; seed < kSeed + 3000; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    testing::RandomMessages random(seed);
    const Message message = random.draw();
    std::string bytes = payload_of(message);
    if (bytes.empty()) continue;
    bytes[static_cast<std::size_t>(random.below(bytes.size()))] =
        static_cast<char>(random.below(256));
    const Result<Message> back = decoded(message.index(), bytes);
    if (back) {
      EXPECT_EQ(payload_of(*back), bytes);
    }
  }
}

TEST(FollowMessages, OfAnUnknownKindAreRefused) {
  for (const std::uint8_t kind : {std::uint8_t{0}, std::uint8_t{8}, std::uint8_t{255}})
    EXPECT_FALSE(decode({.kind = kind, .payload = "x"}));
}

TEST(FollowMessages, SayWhoTheyAreFromInVisibleAscii) {
  EXPECT_EQ(fault_of(Hello{1, 1, "teal-1", "", 0, 0, 0}), "");
  for (const std::string id : {"", "a b", "a\n", "\xc3\xa9"})
    EXPECT_NE(fault_of(Hello{1, 1, id, "", 0, 0, 0}), "") << id;
  EXPECT_THAT(fault_of(Hello{1, 1, std::string(65, 'a'), "", 0, 0, 0}), HasSubstr("too long"));
}

TEST(AFollowedService, HasNamesIdsAndAddressesThatAreSound) {
  EXPECT_EQ(with([](FollowedService&) {}), "");
  EXPECT_THAT(with([](FollowedService& s) { s.name = ""; }), HasSubstr("name is empty"));
  EXPECT_THAT(with([](FollowedService& s) { s.name = std::string(257, 'a'); }),
              HasSubstr("too long"));
  EXPECT_THAT(with([](FollowedService& s) { target(s).id = 0; }), HasSubstr("has none"));
  EXPECT_THAT(with([](FollowedService& s) {
                s.groups[Colour::green].targets = s.groups[Colour::blue].targets;
              }),
              HasSubstr("one id"));
  EXPECT_THAT(with([](FollowedService& s) { target(s).address.port = 0; }), HasSubstr("address"));
  EXPECT_THAT(with([](FollowedService& s) { target(s).address.host = "example.com"; }),
              HasSubstr("address"));
  EXPECT_THAT(with([](FollowedService& s) { target(s).address.host = "::ffff:10.0.0.1"; }),
              HasSubstr("address"));
  EXPECT_THAT(with([](FollowedService& s) {
                s.groups[Colour::blue].targets.resize(kMaxTargets + 1, target(s));
              }),
              HasSubstr("too long"));
}

TEST(AFollowedService, IsToldOnce) {
  State twice = state(shop());
  FollowedService other = shop();
  target(other).id = 2;
  twice.services.push_back(other);
  EXPECT_THAT(fault_of(twice), HasSubstr("told twice"));
}

TEST(AFollowedService, HasMeaningsAndThresholdsThatFit) {
  EXPECT_THAT(with([](FollowedService& s) { s.meanings = {ErrorMeaning{}}; }),
              HasSubstr("usual meaning"));
  EXPECT_THAT(with([](FollowedService& s) { s.meanings.resize(33, ErrorMeaning::of_clients()); }),
              HasSubstr("too long"));
  EXPECT_THAT(with([](FollowedService& s) { s.meanings[0].errors = {{500, 499}}; }),
              HasSubstr("ends before"));
  EXPECT_THAT(with([](FollowedService& s) { s.meanings[0].errors = {{500, 600}}; }),
              HasSubstr("too large"));
  EXPECT_THAT(with([](FollowedService& s) { s.meanings[0].paths = {"api"}; }),
              HasSubstr("begin with '/'"));
  EXPECT_THAT(with([](FollowedService& s) {
                s.meanings.assign(2, ErrorMeaning::of_clients());
                for (int i = 0; i < 10; ++i) {
                  s.meanings[0].paths.push_back("/a" + std::to_string(i));
                  s.meanings[1].paths.push_back("/b" + std::to_string(i));
                }
              }),
              HasSubstr("too many paths"));
  EXPECT_THAT(with([](FollowedService& s) { s.judging->slower_than = {Micros{2}, Micros{2}}; }),
              HasSubstr("do not rise"));
}

TEST(AFollowedService, HasReasonsThatAreCut) {
  FollowedService service = shop();
  target(service).reason = std::string(10'000, 'x');
  Result<Message> back = decode(encode(state(service), 1, 1));
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(target(std::get<State>(*back).services[0]).reason.size(), kMaxReason);
}

TEST(AFollowedService, IsWhatWorkersGetAgain) {
  const ServiceState made = to_state(shop(), 4);
  EXPECT_EQ(made.id, 4U);
  EXPECT_EQ(made.exposure->budget(), 10U);
  EXPECT_EQ(made.exposure->spent(), 2U);
  EXPECT_EQ(made.meanings->errors({.status = 404}), meaning_bit(1));
  EXPECT_EQ(to_message(*snapshot_of(made, nullptr), shop().meanings), shop());
}

TEST(AState, OfManyServicesGoesInPartsOfWhichTheLastSaysSo) {
  State whole{
      .version = 9, .is_last = true, .sent = Mono{}, .secrets = StickySecrets{}, .services = {}};
  for (TargetId i = 1; i <= 5000; ++i) {
    FollowedService service = shop();
    service.name = "shop-" + std::to_string(i);
    target(service).id = i;
    whole.services.push_back(service);
  }
  const std::vector<State> parts = in_parts(whole);
  EXPECT_GT(parts.size(), 1U);
  std::vector<FollowedService> all;
  for (const State& part : parts) {
    EXPECT_EQ(part.version, 9U);
    EXPECT_EQ(part.is_last, &part == &parts.back());
    EXPECT_EQ(part.secrets.has_value(), &part == &parts.front());
    EXPECT_LE(payload_of(part).size(), std::size_t{300} * 1024);
    all.insert(all.end(), part.services.begin(), part.services.end());
  }
  EXPECT_EQ(all, whole.services);
  EXPECT_EQ(in_parts(state(shop())), std::vector<State>{state(shop())});
}

/// The bytes of a Counters with one delta, up to its first histogram.
Writer up_to_histograms() {
  Writer to;
  to.number(1);
  to.number(1);
  to.text("shop");
  to.byte(0);
  to.text("v1");
  to.byte(0);
  for (int i = 0; i < 2 + 15 + 2; ++i) to.number(0);
  return to;
}

TEST(CountersOfTraffic, HaveBucketsThatThereAre) {
  constexpr std::size_t kCounters = 4;
  Writer beyond = up_to_histograms();
  beyond.number(2);
  for (const std::uint64_t each :
       {std::uint64_t{Histogram::kSize - 1}, std::uint64_t{1}, std::uint64_t{0}, std::uint64_t{1}})
    beyond.number(each);
  for (int i = 0; i < 6; ++i) beyond.number(0);
  Result<Message> back = decoded(kCounters, beyond.bytes());
  ASSERT_FALSE(back);
  EXPECT_THAT(back.error().message(), HasSubstr("bucket is none"));
  Writer empty = up_to_histograms();
  for (const std::uint64_t each : {1, 5, 0}) empty.number(each);
  for (int i = 0; i < 6; ++i) empty.number(0);
  back = decoded(kCounters, empty.bytes());
  ASSERT_FALSE(back);
  EXPECT_THAT(back.error().message(), HasSubstr("empty and told"));
}

TEST(CountersOfTraffic, HaveNoMoreErrorsThanRequests) {
  Counters message{1, {{{"shop", Colour::blue, "v1", Audience::split}, {}, {}}}};
  message.deltas[0].counters.by_meaning = {{1, 2}};
  EXPECT_THAT(fault_of(message), HasSubstr("too large"));
}

TEST(CountersOfTraffic, AreNoMoreThanAMessageMayHold) {
  Counters message{1, {}};
  message.deltas.resize(kMaxDeltas + 1, {{"shop", Colour::blue, "v1", Audience::split}, {}, {}});
  EXPECT_THAT(fault_of(message), HasSubstr("list is too long"));
  Writer claims;
  claims.number(1);
  claims.number(1000);
  const Result<Message> back = decoded(4, claims.bytes());
  ASSERT_FALSE(back);
  EXPECT_THAT(back.error().message(), HasSubstr("ends too early")) << "before room is made";
}

TEST(EventsOfRequests, HaveSharesTimesAndBlocksThatCanBe) {
  JudgedEvent sound;
  sound.release_probability = 0.5;
  sound.block_length = 10;
  sound.block_release = 5;
  const auto fault = [](const JudgedEvent& event) {
    return fault_of(Events{1, Mono{}, Mono{}, 0, {{"shop", {event}}}, {}});
  };
  EXPECT_EQ(fault(sound), "");
  for (const double share : {-0.1, 1.1, -0.0, std::nan(""), HUGE_VAL}) {
    JudgedEvent wrong = sound;
    wrong.release_probability = share;
    EXPECT_THAT(fault(wrong), HasSubstr("share is not")) << share;
  }
  JudgedEvent wrong = sound;
  wrong.block_release = 11;
  EXPECT_THAT(fault(wrong), HasSubstr("too large"));
  wrong = sound;
  wrong.threshold = kMaxThresholds;
  EXPECT_THAT(fault(wrong), HasSubstr("choice is none"));
  wrong = sound;
  wrong.kind = static_cast<JudgedEvent::Kind>(4);
  EXPECT_THAT(fault(wrong), HasSubstr("choice is none"));
  EXPECT_THAT(fault_of(Events{1, Mono{}, Mono{}, 0, {}, {BadOutcome{}}}), HasSubstr("of nobody"));
}

TEST(Numbers, AreWrittenInOneWayOnly) {
  for (const std::uint64_t each :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, UINT64_MAX}) {
    Writer to;
    to.number(each);
    Reader from(to.bytes());
    EXPECT_EQ(from.number(), each);
    EXPECT_TRUE(from.ok());
  }
  const auto fault = [](std::string_view bytes) {
    Reader from(bytes);
    from.number();
    return std::string(from.ok() ? "" : from.fault());
  };
  using namespace std::string_view_literals;
  EXPECT_THAT(fault("\x80\x00"sv), HasSubstr("longer than it need be"));
  EXPECT_THAT(fault("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), HasSubstr("too large"));
  EXPECT_THAT(fault("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01"), HasSubstr("too l"));
  EXPECT_THAT(fault("\x80"), HasSubstr("too early"));
}

}  // namespace
}  // namespace teal::control::follow
