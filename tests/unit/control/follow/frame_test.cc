#include "control/follow/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"

namespace teal::control::follow {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

Envelope message(std::uint64_t number, std::size_t bytes, std::uint64_t term = 3) {
  return {.kind = 2, .term = term, .number = number, .payload = std::string(bytes, 'x')};
}

std::string joined(const std::vector<std::string>& frames) {
  std::string all;
  for (const std::string& frame : frames) all += frame;
  return all;
}

/// Why the peer is refused after these bytes; empty: it is not.
std::string fault_of(std::string_view bytes) {
  Assembler assembler;
  std::vector<Envelope> whole;
  const Result<void> taken = assembler.take(bytes, whole);
  return taken ? std::string() : taken.error().message();
}

std::string frame_with(std::size_t at, char value) {
  std::string frame = to_frames(message(1, 10)).front();
  frame[at] = value;
  return frame;
}

TEST(Frames, AreAsManyAsAMessageNeedsAndNoneIsLargerThan64KiB) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, kMaxFrame - kHeader,
                                  kMaxFrame - kHeader + 1, kMaxMessage}) {
    const std::vector<std::string> frames = to_frames(message(1, bytes));
    const std::size_t part = kMaxFrame - kHeader;
    EXPECT_THAT(frames, SizeIs(std::max<std::size_t>(1, (bytes + part - 1) / part)));
    Assembler packets;
    for (const std::string& frame : frames) {
      EXPECT_LE(frame.size(), kMaxFrame);
      const auto taken = packets.take_packet(frame);
      ASSERT_TRUE(taken) << taken.error();
      EXPECT_EQ(taken->has_value(), &frame == &frames.back());
      if (*taken) {
        EXPECT_EQ(**taken, message(1, bytes));
      }
    }
  }
}

TEST(Frames, OfAStreamAreTheSameHoweverTheyAreCut) {
  std::vector<Envelope> sent{message(1, 0), message(2, 100'000), message(3, 7, 9)};
  std::string bytes;
  for (const Envelope& each : sent) bytes += joined(to_frames(each));
  constexpr std::uint64_t kSeed = 20261130;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  Rng rng(kSeed);
  for (int i = 0; i < 200; ++i) {
    Assembler assembler;
    std::vector<Envelope> whole;
    for (std::string_view left = bytes; !left.empty();) {
      const std::size_t some = 1 + rng.below(i % 2 == 0 ? 40'000 : 50);
      ASSERT_TRUE(assembler.take(left.substr(0, some), whole));
      left.remove_prefix(std::min(some, left.size()));
    }
    EXPECT_EQ(whole, sent);
    EXPECT_EQ(assembler.held(), 0U);
  }
}

TEST(Frames, ThatAreNoneAreRefused) {
  EXPECT_THAT(fault_of("GET / HTTP/1.1\r\nHost: teal\r\n\r\n"), HasSubstr("no frame"));
  EXPECT_THAT(fault_of(frame_with(1, 0)), HasSubstr("version"));
  EXPECT_THAT(fault_of(frame_with(1, kNewestVersion + 1)), HasSubstr("version"));
  EXPECT_THAT(fault_of(frame_with(3, 2)), HasSubstr("flags"));
  EXPECT_THAT(fault_of(frame_with(7, 1)), HasSubstr("larger than 64 KiB"));
  EXPECT_THAT(fault_of(frame_with(16, 2)), HasSubstr("not the next"));
}

TEST(Frames, ThatWouldGoOnForEverAreRefused) {
  std::string empty = to_frames(message(1, 0)).front();
  empty[3] = 1;
  EXPECT_THAT(fault_of(empty), HasSubstr("empty and not the last"));
  const std::string part = to_frames(message(1, kMaxFrame)).front();
  std::string all;
  while (all.size() <= kMaxMessage + kMaxFrame) all += part;
  EXPECT_THAT(fault_of(all), HasSubstr("larger than 4 MiB"));
}

TEST(Frames, OfTwoMessagesAreNotMixed) {
  const std::string begun = to_frames(message(1, kMaxFrame)).front();
  EXPECT_THAT(fault_of(begun + joined(to_frames(message(2, 1)))), HasSubstr("before the last one"));
  EXPECT_THAT(fault_of(begun + joined(to_frames(message(1, 1, 4)))),
              HasSubstr("before the last one"));
}

TEST(Frames, HaveNumbersWithoutGapsAndTermsThatDoNotGoBack) {
  const std::string first = joined(to_frames(message(1, 1)));
  EXPECT_EQ(fault_of(first + joined(to_frames(message(2, 1, 4)))), "");
  EXPECT_THAT(fault_of(first + first), HasSubstr("not the next"));
  EXPECT_THAT(fault_of(first + joined(to_frames(message(3, 1)))), HasSubstr("not the next"));
  EXPECT_THAT(fault_of(first + joined(to_frames(message(2, 1, 2)))), HasSubstr("earlier one"));
}

TEST(Frames, BeforeAFaultAreTakenAndNothingAfterIt) {
  Assembler assembler;
  std::vector<Envelope> whole;
  const std::string first = joined(to_frames(message(1, 1)));
  EXPECT_FALSE(assembler.take(first + std::string(kHeader, '?'), whole));
  EXPECT_THAT(whole, SizeIs(1));
  EXPECT_FALSE(assembler.take(joined(to_frames(message(2, 1))), whole));
  EXPECT_FALSE(assembler.take_packet(joined(to_frames(message(2, 1)))));
  EXPECT_THAT(whole, SizeIs(1));
  EXPECT_EQ(assembler.held(), 0U);
}

TEST(Frames, AsPacketsAreOneEach) {
  const std::string frame = to_frames(message(1, 5)).front();
  for (const std::string& wrong :
       {std::string(), frame.substr(0, kHeader - 1), frame.substr(0, kHeader + 4), frame + "x"}) {
    Assembler packets;
    EXPECT_FALSE(packets.take_packet(wrong)) << wrong.size();
  }
}

TEST(Versions, AreTheNewestThatBothSpeak) {
  EXPECT_EQ(common_version(1, 1), 1);
  EXPECT_EQ(common_version(1, 200), kNewestVersion);
  EXPECT_EQ(common_version(0, 0), std::nullopt);
  EXPECT_EQ(common_version(kNewestVersion + 1, 255), std::nullopt);
  EXPECT_EQ(common_version(5, 1), std::nullopt);
}

}  // namespace
}  // namespace teal::control::follow
