#include "net/dns/message.h"

#include <gtest/gtest.h>

#include "tests/support/dns_messages.h"

namespace teal::net::dns {
namespace {

using std::chrono::seconds;

const std::string kName = "app.example";

Reply read(const ReplyText& text, Type type = Type::a) {
  return read_reply(text, kName, type);
}

std::vector<std::array<std::uint8_t, 16>> ips(const std::vector<std::string>& texts) {
  std::vector<std::array<std::uint8_t, 16>> bytes;
  for (const std::string& text : texts) bytes.push_back(parse_ip(text).value());
  return bytes;
}

TEST(DnsMessage, HasTheAddressesOfAName) {
  ReplyText text(kName, Type::a);
  text.ip4(kName, "10.0.0.2", 90).ip4(kName, "10.0.0.1", 30).ip4(kName, "10.0.0.2", 60);
  const Reply reply = read(text);
  EXPECT_EQ(reply.outcome, Outcome::found);
  EXPECT_EQ(reply.addresses, ips({"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(reply.ttl, seconds{30});
  EXPECT_FALSE(reply.is_truncated);
}

TEST(DnsMessage, HasIp6Addresses) {
  const Reply reply = read(ReplyText(kName, Type::aaaa).ip6(kName, "2001:db8::1"), Type::aaaa);
  EXPECT_EQ(reply.addresses, ips({"2001:db8::1"}));
}

TEST(DnsMessage, KnowsNamesWhateverTheirCase) {
  const ReplyText text = ReplyText("APP.Example", Type::a).ip4("aPP.eXample", "10.0.0.1");
  EXPECT_EQ(read_reply(text, "App.EXAMPLE", Type::a).outcome, Outcome::found);
}

TEST(DnsMessage, FollowsAliasesInAnyOrderAndForTheLeastOfTheirTimes) {
  ReplyText text(kName, Type::a);
  text.ip4("c.example", "10.0.0.1", 60).alias("b.example", "c.example", 5);
  text.alias(kName, "b.example", 600).ip4("stranger.example", "10.9.9.9", 1);
  const Reply reply = read(text);
  EXPECT_EQ(reply.addresses, ips({"10.0.0.1"}));
  EXPECT_EQ(reply.ttl, seconds{5});
}

TEST(DnsMessage, AliasesThatGoRoundAreMalformed) {
  ReplyText text(kName, Type::a);
  text.alias(kName, "b.example").alias("b.example", kName);
  const Reply reply = read(text);
  EXPECT_EQ(reply.outcome, Outcome::malformed);
  EXPECT_NE(reply.fault.find("loop"), std::string::npos) << reply.fault;
}

TEST(DnsMessage, AnAliasOfNothingIsNoData) {
  EXPECT_EQ(read(ReplyText(kName, Type::a).alias(kName, "b.example")).outcome, Outcome::no_data);
}

TEST(DnsMessage, ReadsServices) {
  const std::string name = "_http._tcp.app.example";
  const ServicePlace first{1, 10, 8080, "a.example"}, second{2, 0, 8081, "b.example"};
  ReplyText text(name, Type::srv);
  text.service(name, second, 20).service(name, first, 10).service(name, first);
  const Reply reply = read_reply(text, name, Type::srv);
  EXPECT_EQ(reply.services, (std::vector{first, second}));
  EXPECT_EQ(reply.ttl, seconds{10});
}

TEST(DnsMessage, ANameWithoutRecordsHoldsForAsLongAsItsZoneSays) {
  EXPECT_EQ(read(ReplyText(kName, Type::a).soa(900, 30)).ttl, seconds{30});
  EXPECT_EQ(read(ReplyText(kName, Type::a).soa(20, 30)).ttl, seconds{20});
  const Reply reply = read(ReplyText(kName, Type::a).code(3).soa(900, 60));
  EXPECT_EQ(reply.outcome, Outcome::no_name);
  EXPECT_EQ(reply.ttl, seconds{60});
  EXPECT_EQ(read(ReplyText(kName, Type::a)).outcome, Outcome::no_data);
  EXPECT_EQ(read(ReplyText(kName, Type::a)).ttl, std::nullopt);
}

TEST(DnsMessage, TellsFailuresApart) {
  EXPECT_EQ(read(ReplyText(kName, Type::a).code(2)).outcome, Outcome::server_failure);
  EXPECT_EQ(read(ReplyText(kName, Type::a).code(5)).outcome, Outcome::refused);
  EXPECT_EQ(read(ReplyText(kName, Type::a).code(4)).outcome, Outcome::other);
}

TEST(DnsMessage, OtherQuestionsAreNotAnswered) {
  EXPECT_EQ(read(ReplyText("other.example", Type::a).ip4("other.example", "10.0.0.1")).outcome,
            Outcome::malformed);
  EXPECT_EQ(read(ReplyText(kName, Type::aaaa).ip6(kName, "::1"), Type::a).outcome,
            Outcome::malformed);
}

TEST(DnsMessage, AQueryIsNoReply) {
  std::vector<std::uint8_t> octets = ReplyText(kName, Type::a).ip4(kName, "10.0.0.1").octets();
  octets[2] = 1;
  EXPECT_EQ(read_reply(octets, kName, Type::a).outcome, Outcome::malformed);
}

TEST(DnsMessage, NamesPointBackwardsOnly) {
  using namespace std::string_view_literals;
  constexpr std::string_view kAddress = "\x0a\x00\x00\x01"sv;
  const auto owner = [&](std::string_view name) {
    return read(ReplyText(kName, Type::a).raw(name, 1, kAddress));
  };
  EXPECT_EQ(owner("\xc0\x0c"sv).addresses, ips({"10.0.0.1"}));      // The question's name.
  EXPECT_EQ(owner("\xc0\x1d"sv).outcome, Outcome::malformed);       // Itself.
  EXPECT_EQ(owner("\xc0\x20"sv).outcome, Outcome::malformed);       // What comes later.
  EXPECT_EQ(owner("\x01x\xc0\x1d"sv).outcome, Outcome::malformed);  // Its own beginning.
  EXPECT_EQ(owner("\xff\xff"sv).outcome, Outcome::malformed);
  EXPECT_EQ(owner("\x40\x01"sv).outcome, Outcome::malformed);  // A kind of label nobody uses.
}

TEST(DnsMessage, NamesHave255OctetsAtMost) {
  std::string owner;
  for (int i = 0; i < 4; ++i) owner += '\x3f' + std::string(63, 'a');
  owner += '\0';
  EXPECT_EQ(read(ReplyText(kName, Type::a).raw(owner, 1, "1234")).outcome, Outcome::malformed);
}

TEST(DnsMessage, ALabelMayHoldWhatLooksLikeTwo) {
  using namespace std::string_view_literals;
  const Reply reply = read(ReplyText(kName, Type::a)
                               .raw("\x0b"
                                    "app.example\0"sv,
                                    1, "1234"));
  EXPECT_EQ(reply.outcome, Outcome::no_data);
}

TEST(DnsMessage, AddressesHaveTheirLength) {
  using namespace std::string_view_literals;
  EXPECT_EQ(read(ReplyText(kName, Type::a).raw("\xc0\x0c"sv, 1, "12345")).outcome,
            Outcome::malformed);
  EXPECT_EQ(read(ReplyText(kName, Type::aaaa).raw("\xc0\x0c"sv, 28, "1234"), Type::aaaa).outcome,
            Outcome::malformed);
}

TEST(DnsMessage, CutAnywhereItIsMalformedUnlessItSaysSo) {
  for (const bool says_so : {false, true}) {
    ReplyText whole(kName, Type::a);
    whole.ip4(kName, "10.0.0.1").ip4(kName, "10.0.0.2");
    if (says_so) whole.truncated();
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      const Reply reply = read(ReplyText(whole).cut(cut));
      const bool is_in_answers = whole.size() - cut >= 12 + 13 + 4;
      if (says_so && is_in_answers) {
        EXPECT_TRUE(reply.is_truncated);
        EXPECT_NE(reply.outcome, Outcome::malformed) << cut;
      } else {
        EXPECT_EQ(reply.outcome, Outcome::malformed) << cut;
      }
    }
  }
  ReplyText text(kName, Type::a);
  text.ip4(kName, "10.0.0.1").ip4(kName, "10.0.0.2").truncated().cut(3);
  EXPECT_EQ(read(text).addresses, ips({"10.0.0.1"}));
}

TEST(DnsMessage, ATimeWithTheHighestBitIsNone) {
  EXPECT_EQ(read(ReplyText(kName, Type::a).ip4(kName, "10.0.0.1", 0x80000001U)).ttl, seconds{0});
  EXPECT_EQ(read(ReplyText(kName, Type::a).ip4(kName, "10.0.0.1", 0x7fffffffU)).ttl,
            seconds{0x7fffffff});
}

TEST(DnsMessage, AThousandAddressesAreRead) {
  ReplyText text(kName, Type::a);
  for (int i = 0; i < 1000; ++i)
    text.ip4(kName, "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250));
  EXPECT_EQ(read(text).addresses.size(), 1000U);
}

}  // namespace
}  // namespace teal::net::dns
