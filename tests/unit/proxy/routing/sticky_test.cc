#include "proxy/routing/sticky.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace teal::proxy {
namespace {

constexpr std::uint64_t kSeed = 20'261'128;
constexpr std::uint64_t kDeployment = 7;

StickySecrets secrets(std::uint8_t key = 1, std::uint8_t salt = 2) {
  StickySecrets secrets;
  secrets.key.fill(key);
  secrets.salt.fill(salt);
  return secrets;
}

std::string written(const StickyCookies& cookies, const StickyClient& client) {
  std::string cookie;
  cookies.write(client, cookie);
  return cookie;
}

class StickyTest : public testing::Test {
 protected:
  StickyClient draw(bool release_side, Weight weight, std::uint64_t deployment = kDeployment) {
    return cookies_.draw(release_side, weight, deployment, rng_);
  }
  std::vector<StickyClient> many(std::size_t count, Weight weight = Weight::none()) {
    std::vector<StickyClient> clients;
    for (std::size_t i = 0; i < count; ++i) clients.push_back(draw(false, weight));
    return clients;
  }

  StickyCookies cookies_{secrets(), "shop"};
  Rng rng_{kSeed};
};

// ---- the cookie on the wire ---------------------------------------------------------------------

TEST_F(StickyTest, ReadsWhatItWrote) {
  for (const StickyClient& client : many(100)) {
    const std::string cookie = written(cookies_, client);
    EXPECT_EQ(cookie.size(), StickyCookies::kSize);
    EXPECT_EQ(cookies_.read(cookie), client);
  }
}

TEST_F(StickyTest, TakesNoCookieOfWhichADigitIsAnother) {
  const std::string cookie = written(cookies_, draw(true, Weight::percent(50)));
  for (std::size_t i = 0; i < cookie.size(); ++i) {
    std::string forged = cookie;
    forged[i] = forged[i] == '0' ? '1' : '0';
    EXPECT_EQ(cookies_.read(forged), std::nullopt) << forged;
  }
}

TEST_F(StickyTest, TakesNothingElseForACookie) {
  const std::string cookie = written(cookies_, draw(true, Weight::percent(50)));
  std::string upper = cookie;
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return static_cast<char>(toupper(c)); });
  // "0" and "2710" are what clients could make of the format before this one.
  for (const std::string& bad :
       {std::string(), std::string("0"), std::string("2710"), std::string("ffffffffffffffff"),
        std::string("not-a-number"), cookie.substr(1), cookie + "0", upper,
        std::string(StickyCookies::kSize, 'g'), std::string(StickyCookies::kSize, '0'),
        std::string(StickyCookies::kSize, '\0')})
    EXPECT_EQ(cookies_.read(bad), std::nullopt) << bad;
}

TEST_F(StickyTest, TakesNoCookieOfAnotherServiceOrAnotherTeal) {
  const std::string cookie = written(cookies_, draw(true, Weight::percent(50)));
  EXPECT_EQ(StickyCookies(secrets(), "shop2").read(cookie), std::nullopt);
  EXPECT_EQ(StickyCookies(secrets(9), "shop").read(cookie), std::nullopt);
}

TEST_F(StickyTest, TakesCookiesOfTheKeyBeforeAndKeepsTheirClientsWhereTheyAre) {
  StickySecrets next = secrets(3);
  next.previous = secrets().key;
  const StickyCookies later(next, "shop");
  for (const StickyClient& client : many(100)) {
    ASSERT_EQ(later.read(written(cookies_, client)), client);
    EXPECT_EQ(later.is_release(client, Weight::percent(30), kDeployment),
              cookies_.is_release(client, Weight::percent(30), kDeployment));
  }
  const StickyCookies last(secrets(3), "shop");
  EXPECT_EQ(last.read(written(cookies_, draw(false, Weight::none()))), std::nullopt);
  EXPECT_TRUE(last.read(written(later, draw(false, Weight::none()))));
}

// ---- the group it leads to ----------------------------------------------------------------------

TEST_F(StickyTest, AClientKeepsSeeingTheReleaseWhileItsWeightGrows) {
  for (const StickyClient& client : many(500)) {
    bool seen = false;
    for (std::uint32_t points = 0; points <= Weight::kWhole; points += 25) {
      const bool now = cookies_.is_release(client, Weight{points}, kDeployment);
      EXPECT_TRUE(now || !seen) << "at " << points;
      seen = now;
    }
    EXPECT_TRUE(seen) << "it never came to the release";
  }
}

TEST_F(StickyTest, AClientReturnsWhenTheWeightFallsToZero) {
  for (int i = 0; i < 1000; ++i) {
    const StickyClient client = draw(true, Weight{1});
    EXPECT_TRUE(cookies_.is_release(client, Weight{1}, kDeployment));
    EXPECT_FALSE(cookies_.is_release(client, Weight::none(), kDeployment));
  }
}

TEST_F(StickyTest, AClientIsDrawnOnTheSideThatWasChosen) {
  for (const std::uint32_t points : {1U, 50U, 1000U, 3333U, 9999U})
    for (int i = 0; i < 1000; ++i) {
      const Weight weight{points};
      ASSERT_TRUE(cookies_.is_release(draw(true, weight), weight, kDeployment));
      ASSERT_FALSE(cookies_.is_release(draw(false, weight), weight, kDeployment));
    }
}

/// Chi-square of how many of these clients come to the release at each tenth of the weight.
double unevenness(const StickyCookies& cookies, const std::vector<StickyClient>& clients,
                  std::uint64_t deployment) {
  std::vector<double> counts(10);
  for (const StickyClient& client : clients)
    for (std::uint32_t tenth = 1; tenth <= 10; ++tenth)
      if (cookies.is_release(client, Weight::percent(10 * tenth), deployment)) {
        ++counts[tenth - 1];
        break;
      }
  const double expected = static_cast<double>(clients.size()) / 10;
  double sum = 0;
  for (const double count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

// Nine degrees of freedom: 27.9 is exceeded once in a thousand times.
TEST_F(StickyTest, ClientsAreSpreadEvenlyOverTheirSide) {
  EXPECT_LT(unevenness(cookies_, many(20'000), kDeployment), 27.9) << "seed " << kSeed;
}

// Whoever has found out which of a thousand cookies lead to one release knows nothing of the next.
TEST_F(StickyTest, TheNextDeploymentDrawsAllClientsAnew) {
  std::vector<StickyClient> of_release;
  for (int i = 0; i < 20'000; ++i) of_release.push_back(draw(true, Weight::percent(1)));
  EXPECT_LT(unevenness(cookies_, of_release, kDeployment + 1), 27.9) << "seed " << kSeed;
}

TEST_F(StickyTest, TheSamePlacesOfAnotherServiceAreOthers) {
  std::vector<StickyClient> of_release;
  for (int i = 0; i < 20'000; ++i) of_release.push_back(draw(true, Weight::percent(1)));
  EXPECT_LT(unevenness({secrets(), "shop2"}, of_release, kDeployment), 27.9);
  EXPECT_LT(unevenness({secrets(1, 9), "shop"}, of_release, kDeployment), 27.9);
}

// What a client can see of its cookie says nothing of its bucket.
TEST_F(StickyTest, TheOffsetOfAClientOfTheReleaseIsAsAnyOthers) {
  std::vector<double> counts(10);
  for (int i = 0; i < 20'000; ++i) ++counts[draw(true, Weight::percent(1)).offset / 1000U];
  double sum = 0;
  for (const double count : counts) sum += (count - 2000) * (count - 2000) / 2000;
  EXPECT_LT(sum, 27.9) << "seed " << kSeed;
}

TEST_F(StickyTest, ClientsAreHardlyEverDrawnTwiceAndNeverNobody) {
  std::set<std::uint64_t> serials;
  for (int i = 0; i < 10'000; ++i) serials.insert(draw(true, Weight{1}).serial);
  EXPECT_EQ(serials.size(), 10'000U);
  EXPECT_FALSE(serials.contains(0));
}

TEST_F(StickyTest, WhoeverKnowsTheGeneratorDoesNotKnowTheClient) {
  const StickyClient mine = cookies_.draw(true, Weight::percent(50), kDeployment, rng_);
  Rng known{kSeed};
  const StickyClient guessed =
      StickyCookies(secrets(1, 9), "shop").draw(true, Weight::percent(50), kDeployment, known);
  EXPECT_NE(mine.serial, guessed.serial);
}

// ---- where clients come from --------------------------------------------------------------------

TEST_F(StickyTest, APlaceIsAnAddressOrTheNetworkOfAHousehold) {
  const auto place = [&](std::string_view address) { return cookies_.place_of(address); };
  EXPECT_EQ(place("10.0.0.1"), place("10.0.0.1"));
  EXPECT_EQ(place("10.0.0.1"), place("::ffff:10.0.0.1"));
  EXPECT_NE(place("10.0.0.1"), place("10.0.0.2"));
  EXPECT_EQ(place("2001:db8:1:2200::1"), place("2001:db8:1:22ff:ffff::2")) << "one /56";
  EXPECT_NE(place("2001:db8:1:2200::1"), place("2001:db8:1:2300::1"));
  EXPECT_EQ(place(""), place("no address")) << "all that have none are one";
  EXPECT_NE(place(""), 0U);
  EXPECT_NE(place("10.0.0.1"), StickyCookies(secrets(1, 9), "shop").place_of("10.0.0.1"));
}

}  // namespace
}  // namespace teal::proxy
