#include "control/discovery/dns_source.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using net::dns::Outcome;
using net::dns::Reply;
using net::dns::ServicePlace;
using net::dns::Type;
using Records = config::DiscoverSource::Records;

class DnsSourceTest : public testing::Test {
 protected:
  DnsSourceTest() {
    source.name = "app.internal";
    source.port = 9001;
    source.revision = "v1";
  }

  DnsLook look() { return look_at("shop", source, book); }
  /// Asks as often as new questions come of the answers.
  void want() {
    for (int i = 0; i < 3; ++i) book.want(look().wants);
  }
  void answer(const std::string& name, Type type, const std::vector<std::string>& ips) {
    Reply reply;
    reply.outcome = ips.empty() ? Outcome::no_data : Outcome::found;
    for (const std::string& ip : ips) reply.addresses.push_back(parse_ip(ip).value());
    answer(name, type, reply);
  }
  void answer(const std::string& name, Type type, const AskResult& result) {
    want();
    book.answer({name, type}, result, now);
    want();
  }
  std::vector<std::string> found() {
    std::vector<std::string> texts;
    const auto finding = look().finding;
    EXPECT_TRUE(finding && finding->entries);
    if (!finding || !finding->entries) return texts;
    for (const FoundTargetPlace& entry : *finding->entries)
      texts.push_back(to_string(entry.address));
    return texts;
  }
  using Texts = std::vector<std::string>;

  const LookProblem timeout{LookFault::timeout, "nobody answers"};
  Mono now{1h};
  QuestionBook book{config::Discovery{}, 7};
  config::DiscoverSource source;
};

TEST_F(DnsSourceTest, EveryAddressOfANameIsATarget) {
  answer("app.internal", Type::a, {"10.0.0.1", "10.0.0.2"});
  EXPECT_FALSE(look().finding) << "AAAA has not been answered";
  answer("app.internal", Type::aaaa, {"2001:db8::1"});
  EXPECT_EQ(found(), (Texts{"10.0.0.1:9001", "10.0.0.2:9001", "[2001:db8::1]:9001"}));
  const Finding finding = *look().finding;
  EXPECT_EQ(finding.service, "shop");
  EXPECT_EQ(finding.source, "dns:app.internal:9001");
  EXPECT_EQ(finding.entries->front().revision, "v1");
  EXPECT_FALSE(finding.is_partial);
  EXPECT_TRUE(finding.problems.empty());
}

TEST_F(DnsSourceTest, AsksForWhatItIsToldTo) {
  source.records = Records::a;
  EXPECT_EQ(look().wants, (std::set<Question>{{"app.internal", Type::a}}));
  source.records = Records::aaaa;
  EXPECT_EQ(look().wants, (std::set<Question>{{"app.internal", Type::aaaa}}));
}

TEST_F(DnsSourceTest, AHalfThatNeverAnsweredTakesNothingAway) {
  answer("app.internal", Type::a, {"10.0.0.1"});
  answer("app.internal", Type::aaaa, timeout);
  EXPECT_EQ(found(), (Texts{"10.0.0.1:9001"}));
  EXPECT_TRUE(look().finding->is_partial);
  EXPECT_EQ(look().finding->problems, std::vector{timeout});
}

TEST_F(DnsSourceTest, AHalfThatFailsKeepsWhatItHad) {
  answer("app.internal", Type::a, {"10.0.0.1"});
  answer("app.internal", Type::aaaa, {"2001:db8::1"});
  answer("app.internal", Type::aaaa, timeout);
  answer("app.internal", Type::a, {"10.0.0.2"});
  EXPECT_EQ(found(), (Texts{"10.0.0.2:9001", "[2001:db8::1]:9001"}));
  EXPECT_FALSE(look().finding->is_partial);
  EXPECT_EQ(look().finding->problems.size(), 1U);
}

TEST_F(DnsSourceTest, AHalfWithoutRecordsIsAnAnswer) {
  answer("app.internal", Type::a, {"10.0.0.1"});
  answer("app.internal", Type::aaaa, std::vector<std::string>{});
  EXPECT_EQ(found(), (Texts{"10.0.0.1:9001"}));
  EXPECT_TRUE(look().finding->problems.empty());
}

TEST_F(DnsSourceTest, WhereEverythingFailsNothingIsFound) {
  answer("app.internal", Type::a, {"10.0.0.1"});
  answer("app.internal", Type::aaaa, {"2001:db8::1"});
  answer("app.internal", Type::a, timeout);
  answer("app.internal", Type::aaaa, timeout);
  EXPECT_FALSE(look().finding->entries);
  EXPECT_EQ(look().finding->problems.size(), 2U);
}

TEST_F(DnsSourceTest, SaysWhyThereIsNobody) {
  Reply gone;
  gone.outcome = Outcome::no_name;
  answer("app.internal", Type::a, gone);
  answer("app.internal", Type::aaaa, gone);
  EXPECT_EQ(found(), Texts{});
  EXPECT_EQ(look().finding->empty_because, "app.internal does not exist (NXDOMAIN)");
  EXPECT_FALSE(look().finding->is_partial);
}

TEST_F(DnsSourceTest, ATruncatedAnswerOnlyAdds) {
  source.records = Records::a;
  Reply cut;
  cut.outcome = Outcome::found;
  cut.is_truncated = true;
  cut.addresses = {parse_ip("10.0.0.1").value()};
  answer("app.internal", Type::a, cut);
  EXPECT_EQ(found(), (Texts{"10.0.0.1:9001"}));
  EXPECT_TRUE(look().finding->is_partial);
  EXPECT_EQ(look().finding->problems.at(0).fault, LookFault::truncated);
}

TEST_F(DnsSourceTest, ServicesAreThoseOfTheLowestPriority) {
  source.records = Records::srv;
  source.name = "_http._tcp.app.internal";
  source.port = 0;
  Reply services;
  services.outcome = Outcome::found;
  services.services = {
      {1, 5, 8001, "a.internal"}, {1, 6, 8002, "b.internal"}, {2, 1, 8003, "c.internal"}};
  answer(source.name, Type::srv, services);
  EXPECT_FALSE(look().finding);
  EXPECT_EQ(look().wants,
            (std::set<Question>{
                {source.name, Type::srv}, {"a.internal", Type::a}, {"b.internal", Type::a}}));
  answer("a.internal", Type::a, {"10.0.0.1"});
  answer("b.internal", Type::a, std::vector<std::string>{});
  EXPECT_FALSE(look().finding) << "b may have IPv6";
  answer("b.internal", Type::aaaa, {"2001:db8::2"});
  EXPECT_EQ(found(), (Texts{"10.0.0.1:8001", "[2001:db8::2]:8002"}));
}

TEST_F(DnsSourceTest, AServiceThatThereDecidedlyIsNotIsNobody) {
  source.records = Records::srv;
  Reply services;
  services.outcome = Outcome::found;
  services.services = {{0, 0, 0, ""}};
  answer("app.internal", Type::srv, services);
  EXPECT_EQ(found(), Texts{});
}

TEST_F(DnsSourceTest, AHostThatIsNoNameIsLeftOut) {
  source.records = Records::srv;
  Reply services;
  services.outcome = Outcome::found;
  services.services = {{0, 0, 80, "a\\046b"}, {0, 0, 80, "c.internal"}};
  answer("app.internal", Type::srv, services);
  answer("c.internal", Type::a, {"10.0.0.1"});
  EXPECT_EQ(found(), (Texts{"10.0.0.1:80"}));
  EXPECT_EQ(look().finding->problems.at(0).fault, LookFault::malformed);
}

TEST_F(DnsSourceTest, AMappedAddressIsTheIp4AddressThatItMeans) {
  source.records = Records::aaaa;
  answer("app.internal", Type::aaaa, {"::ffff:127.0.0.1"});
  EXPECT_EQ(found(), (Texts{"127.0.0.1:9001"}));
}

}  // namespace
}  // namespace teal::control
