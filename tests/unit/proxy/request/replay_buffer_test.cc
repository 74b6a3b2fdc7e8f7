// What is kept of a request's body for sending it again: how much, how long, and that what was let
// go of once is never replayed.
#include "proxy/request/replay_buffer.h"

#include <gtest/gtest.h>

namespace teal::proxy {
namespace {

TEST(ReplayBuffer, IsCompleteWithoutABody) {
  const ReplayBuffer buffer;
  EXPECT_TRUE(buffer.is_complete());
  EXPECT_EQ(buffer.bytes(), "");
}

TEST(ReplayBuffer, KeepsWhatWasSentInItsOrder) {
  ReplayBuffer buffer;
  buffer.append("one, ", true);
  buffer.append("two", true);
  EXPECT_TRUE(buffer.is_complete());
  EXPECT_EQ(buffer.bytes(), "one, two");
}

TEST(ReplayBuffer, KeepsSixtyFourKibibytesAndNotOneByteMore) {
  const std::string most(ReplayBuffer::kMaxBytes, 'x');
  EXPECT_EQ(most.size(), 65'536U);
  ReplayBuffer buffer;
  buffer.append(most, true);
  EXPECT_TRUE(buffer.is_complete());
  EXPECT_EQ(buffer.bytes(), most);
  buffer.append("x", true);
  EXPECT_FALSE(buffer.is_complete());
  EXPECT_EQ(buffer.bytes(), "");
}

TEST(ReplayBuffer, NeverIsCompleteAgainAfterWhatWasNotWanted) {
  ReplayBuffer buffer;
  buffer.append("one", true);
  buffer.append("two", false);
  EXPECT_FALSE(buffer.is_complete());
  buffer.append("three", true);
  EXPECT_FALSE(buffer.is_complete());
  EXPECT_EQ(buffer.bytes(), "") << "half a body is none";
}

TEST(ReplayBuffer, IsNotCompleteWhereSomethingElseWasSentThatIsNotHere) {
  ReplayBuffer buffer;
  buffer.append("body", true);
  buffer.spoil();
  EXPECT_FALSE(buffer.is_complete());
}

TEST(ReplayBuffer, KeepsNothingAfterItWasDropped) {
  ReplayBuffer buffer;
  buffer.append("body", true);
  buffer.drop();
  EXPECT_FALSE(buffer.is_complete());
  buffer.append("more", true);
  EXPECT_EQ(buffer.bytes(), "");
}

TEST(ReplayBuffer, GivesItsMemoryBackWhenItIsDroppedOrGrowsTooLong) {
  const std::string most(ReplayBuffer::kMaxBytes, 'x');
  // Bytes that lie in the buffer itself are in no memory of their own.
  const auto holds_memory = [](const ReplayBuffer& buffer) {
    const char* const at = buffer.bytes().data();
    const char* const self = reinterpret_cast<const char*>(&buffer);
    return at < self || at >= self + sizeof buffer;
  };
  ReplayBuffer dropped;
  dropped.append(most, true);
  EXPECT_TRUE(holds_memory(dropped));
  dropped.drop();
  EXPECT_FALSE(holds_memory(dropped));
  ReplayBuffer too_long;
  too_long.append(most, true);
  too_long.append(most, true);
  EXPECT_FALSE(holds_memory(too_long));
}

TEST(ReplayBuffer, BeginsAnewForTheNextRequest) {
  ReplayBuffer buffer;
  buffer.append("body", true);
  buffer.begin();
  EXPECT_TRUE(buffer.is_complete());
  EXPECT_EQ(buffer.bytes(), "");
  buffer.spoil();
  buffer.begin();
  EXPECT_TRUE(buffer.is_complete());
}

}  // namespace
}  // namespace teal::proxy
