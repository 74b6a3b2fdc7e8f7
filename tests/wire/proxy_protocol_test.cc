// Headers of the PROXY protocol: every vector, cut at every byte, and mutations of all of them.
#include "net/io/proxy_protocol.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/proxy_protocol_vectors.h"

namespace teal::net::testing {
namespace {

std::string in_words(const ProxyStep& step) {
  switch (step.event) {
    case ProxyStep::Event::need_more: return "need more";
    case ProxyStep::Event::refused: return std::string(to_string(step.fault));
    case ProxyStep::Event::done: break;
  }
  if (!step.addresses) return "nobody";
  return to_string(step.addresses->source) + " > " + to_string(step.addresses->destination);
}

/// What the first answer is when the bytes come one by one.
ProxyStep byte_by_byte(std::string_view bytes) {
  ProxyStep step;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    step = read_proxy_header(bytes.substr(0, size));
    if (step.event != ProxyStep::Event::need_more) return step;
  }
  return step;
}

TEST(ProxyProtocol, ReadsEveryHeaderAsItHasToBe) {
  for (const ProxyVector& vector : proxy_vectors())
    EXPECT_EQ(in_words(read_proxy_header(vector.bytes)), vector.outcome) << vector.sentence;
}

TEST(ProxyProtocol, SaysTheSameHoweverTheBytesCome) {
  for (const ProxyVector& vector : proxy_vectors()) {
    const ProxyStep whole = read_proxy_header(vector.bytes);
    bool is_final = false;
    for (std::size_t size = 0; size <= vector.bytes.size(); ++size) {
      const ProxyStep step = read_proxy_header(std::string_view(vector.bytes).substr(0, size));
      if (step.event == ProxyStep::Event::need_more) {
        EXPECT_FALSE(is_final) << vector.sentence << ", after " << size << " bytes";
        continue;
      }
      is_final = true;
      EXPECT_EQ(in_words(step), in_words(whole)) << vector.sentence << ", after " << size;
      EXPECT_EQ(step.consumed, whole.consumed) << vector.sentence;
    }
    EXPECT_TRUE(is_final) << vector.sentence;
  }
}

TEST(ProxyProtocol, TakesNothingOfWhatFollows) {
  for (const ProxyVector& vector : proxy_vectors()) {
    const ProxyStep alone = read_proxy_header(vector.bytes);
    if (alone.event != ProxyStep::Event::done) continue;
    EXPECT_EQ(alone.consumed, vector.bytes.size()) << vector.sentence;
    const ProxyStep followed = read_proxy_header(vector.bytes + "GET / HTTP/1.1\r\n");
    EXPECT_EQ(followed.consumed, vector.bytes.size()) << vector.sentence;
    EXPECT_EQ(in_words(followed), vector.outcome) << vector.sentence;
  }
}

TEST(ProxyProtocol, NeverNeedsMoreThanItsLimit) {
  for (const std::string& begin : {std::string("PROXY "), proxy_block(1, 0x11, {}).substr(0, 14)})
    for (const char filler : {'\0', ' ', '1', '\x0f', '\xff'}) {
      const ProxyStep step = read_proxy_header(begin + std::string(kMaxProxyHeader, filler));
      EXPECT_NE(step.event, ProxyStep::Event::need_more) << begin << filler;
    }
}

TEST(ProxyProtocol, IsNotConfusedByMutations) {
  const std::vector<ProxyVector> vectors = proxy_vectors();
  Rng rng(20'261'125);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = vectors[rng.below(static_cast<std::uint32_t>(vectors.size()))].bytes;
    const auto place = [&] { return rng.below(static_cast<std::uint32_t>(bytes.size())); };
    for (std::uint32_t changes = 1 + rng.below(3); changes > 0 && !bytes.empty(); --changes) {
      switch (rng.below(4)) {
        case 0: bytes[place()] = static_cast<char>(rng.next()); break;
        case 1: bytes.erase(place(), 1 + rng.below(3)); break;
        case 2: bytes.insert(place(), 1, static_cast<char>(rng.next())); break;
        default: bytes.insert(place(), bytes.substr(place(), rng.below(8))); break;
      }
    }
    const ProxyStep whole = read_proxy_header(bytes);
    ASSERT_LE(whole.consumed, bytes.size());
    if (bytes.size() > kMaxProxyHeader) {
      ASSERT_NE(whole.event, ProxyStep::Event::need_more);
    }
    if (bytes.size() > 300) continue;
    const ProxyStep pieces = byte_by_byte(bytes);
    ASSERT_EQ(in_words(pieces), in_words(whole)) << ::testing::PrintToString(bytes);
    ASSERT_EQ(pieces.consumed, whole.consumed) << ::testing::PrintToString(bytes);
  }
}

TEST(ProxyProtocol, WritesWhatItReads) {
  const ProxyAddresses ip4{{Address::Kind::ip4, "192.0.2.1", 1000},
                           {Address::Kind::ip4, "192.0.2.2", 80}};
  const ProxyAddresses ip6{{Address::Kind::ip6, "2001:db8::1", 1000},
                           {Address::Kind::ip6, "2001:db8::2", 443}};
  for (const auto version : {config::ProxyVersion::v1, config::ProxyVersion::v2}) {
    for (const ProxyAddresses& ends : {ip4, ip6}) {
      const std::string header = make_proxy_header(version, ends);
      const ProxyStep step = read_proxy_header(header);
      ASSERT_EQ(step.event, ProxyStep::Event::done);
      EXPECT_EQ(step.consumed, header.size());
      EXPECT_EQ(step.addresses, ends);
    }
    EXPECT_EQ(in_words(read_proxy_header(make_proxy_header(version, {}))), "nobody");
    EXPECT_EQ(in_words(read_proxy_header(make_local_proxy_header(version))), "nobody");
  }
  EXPECT_EQ(make_proxy_header(config::ProxyVersion::v1, ip4),
            "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n");
  EXPECT_EQ(make_proxy_header(config::ProxyVersion::v2, ip4), proxy_block(1, 0x11, tcp4_block()));
  EXPECT_EQ(make_local_proxy_header(config::ProxyVersion::v2), proxy_block(0, 0, {}));
}

}  // namespace
}  // namespace teal::net::testing
