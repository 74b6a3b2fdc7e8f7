// Which group a request is for: by the listener's word, by lot, by its cookie, by who is there.
#include "proxy/group/assignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/routing/sticky.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class AssignmentTest : public testing::Test {
 protected:
  AssignmentTest() : splitter_(1) {
    service_.spec = SharedSpec(SharedSpec(), &spec_);
    service_.live = Colour::blue;
    for (const Colour each : kColours) service_.groups[each].available = true;
    split(5'000);
  }

  void split(std::uint32_t release) {
    service_.split = Split::with(Colour::green, Weight{release});
  }
  void make_sticky() {
    spec_.sticky = config::Sticky{.cookie = "side"};
    service_.sticky = std::make_shared<StickyCookies>(secrets_, "shop");
  }
  void ask(const std::vector<std::string>& fields = {}) {
    auto owned = test::request_head("GET / HTTP/1.1", fields);
    request_.take(ClientInfo{}, owned.head, Mono{});
  }
  const Assignment& assign(config::GroupChoice choice = config::GroupChoice::split) {
    proxy::assign({service_, choice, splitter_, request_, rng_, shard_}, assignment_);
    return assignment_;
  }

  config::Service spec_;
  ServiceView service_;
  StickySecrets secrets_;
  Splitter splitter_;
  Request request_;
  Rng rng_{1};
  Shard shard_;
  Assignment assignment_;
};

TEST_F(AssignmentTest, IsDrawnByTheSplit) {
  int release = 0;
  for (int i = 0; i < 1'000; ++i) {
    if (assign().colour == Colour::green) ++release;
    EXPECT_EQ(assignment_.audience, Audience::split);
    EXPECT_EQ(assignment_.release_probability, assignment_.drawn.release_probability);
  }
  EXPECT_EQ(release, 500);
}

TEST_F(AssignmentTest, HasNoPartOfChanceWhereOneGroupHasEverything) {
  split(0);
  EXPECT_EQ(assign().colour, Colour::blue);
  EXPECT_EQ(assignment_.release_probability, 0.0);
  split(10'000);
  EXPECT_EQ(assign().colour, Colour::green);
  EXPECT_EQ(assignment_.release_probability, 1.0);
}

TEST_F(AssignmentTest, OfAPreviewListenerIsWhatTheListenerSays) {
  EXPECT_EQ(assign(config::GroupChoice::idle).colour, Colour::green);
  EXPECT_EQ(assignment_.audience, Audience::preview);
  EXPECT_EQ(assignment_.release_probability, 1.0);
  EXPECT_EQ(assign(config::GroupChoice::live).colour, Colour::blue);
  EXPECT_EQ(assignment_.audience, Audience::preview);
  EXPECT_EQ(assignment_.release_probability, 0.0);
  assign();
  EXPECT_EQ(assignment_.audience, Audience::split) << "the next request came by another listener";
}

// ---- a group without healthy targets

TEST_F(AssignmentTest, GoesToTheLiveGroupWhereTheReleaseHasNobody) {
  service_.groups[Colour::green].available = false;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(assign().colour, Colour::blue);
    EXPECT_EQ(assignment_.release_probability, 0.0) << "chance has no part in it";
  }
}

TEST_F(AssignmentTest, GoesToTheReleaseWhereTheLiveGroupHasNobodyAndTheReleaseHasAShare) {
  service_.groups[Colour::blue].available = false;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(assign().colour, Colour::green);
  EXPECT_EQ(assignment_.release_probability, 1.0);
}

TEST_F(AssignmentTest, GivesAReleaseWithoutAShareNothing) {
  split(0);
  service_.groups[Colour::blue].available = false;
  EXPECT_EQ(assign().colour, Colour::blue);
}

TEST_F(AssignmentTest, GivesAFallbackWithoutAShareWhatTheLiveGroupCannotServe) {
  split(0);
  service_.groups[Colour::green].fallback = true;
  EXPECT_EQ(assign().colour, Colour::blue);
  service_.groups[Colour::blue].available = false;
  EXPECT_EQ(assign().colour, Colour::green);
  EXPECT_EQ(assignment_.release_probability, 1.0);
}

TEST_F(AssignmentTest, StaysWithWhatWasDrawnWhereNobodyIsThere) {
  split(0);
  for (const Colour each : kColours) service_.groups[each].available = false;
  EXPECT_EQ(assign().colour, Colour::blue);
}

// ---- sticky clients

TEST_F(AssignmentTest, GivesANewClientACookieThatKeepsItsSide) {
  make_sticky();
  for (int i = 0; i < 20; ++i) {
    ask();
    const Colour first = assign().colour;
    EXPECT_FALSE(assignment_.is_returning);
    ASSERT_NE(assignment_.sticky_client, 0U);
    const std::string cookie = assignment_.set_cookie;
    EXPECT_THAT(cookie, StartsWith("side="));
    EXPECT_THAT(cookie, HasSubstr("; HttpOnly; SameSite=Lax"));
    const std::uint64_t serial = assignment_.sticky_client;
    ask({"Cookie: " + cookie.substr(0, cookie.find(';'))});
    EXPECT_EQ(assign().colour, first);
    EXPECT_TRUE(assignment_.is_returning);
    EXPECT_EQ(assignment_.sticky_client, serial);
    EXPECT_EQ(assignment_.set_cookie, "") << "it has one";
    EXPECT_EQ(assignment_.release_probability, 0.5);
  }
}

TEST_F(AssignmentTest, DrawsAClientWhoseCookieIsNoneOfOursAndCountsThat) {
  make_sticky();
  ask({"Cookie: side=forged"});
  assign();
  EXPECT_FALSE(assignment_.is_returning);
  EXPECT_NE(assignment_.set_cookie, "");
  EXPECT_EQ(shard_[Stat::sticky_refused].read(), 1U);
}

TEST_F(AssignmentTest, TakesAGoodCookieBehindASiblingDomainsOfThatName) {
  make_sticky();
  ask();
  const Colour first = assign().colour;
  const std::string pair = assignment_.set_cookie.substr(0, assignment_.set_cookie.find(';'));
  ask({"Cookie: side=other; " + pair});
  EXPECT_EQ(assign().colour, first);
  EXPECT_TRUE(assignment_.is_returning);
}

TEST_F(AssignmentTest, LooksAtSoManyCookiesOfTheNameOnly) {
  make_sticky();
  ask();
  assign();
  const std::string pair = assignment_.set_cookie.substr(0, assignment_.set_cookie.find(';'));
  std::string cookies = "Cookie: ";
  for (std::size_t i = 0; i < kMaxStickyCookies; ++i) cookies += "side=x; ";
  ask({cookies + pair});
  assign();
  EXPECT_FALSE(assignment_.is_returning);
}

TEST_F(AssignmentTest, MarksTheCookieOfASecureConnection) {
  make_sticky();
  ask();
  request_.info.peer.secure = true;
  EXPECT_THAT(assign().set_cookie, HasSubstr("; Secure"));
}

}  // namespace
}  // namespace teal::proxy
