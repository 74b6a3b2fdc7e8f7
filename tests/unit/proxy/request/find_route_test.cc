// How the route of a request is found, and which paths have none because they break a rule.
#include "proxy/request/find_route.h"

#include <gtest/gtest.h>

#include "tests/support/unit_exchange_parts.h"

namespace teal::proxy {
namespace {

class FindRouteTest : public ExchangePartsTest {
 protected:
  bool find(ExchangeParts& parts) {
    return find_route(parts.request, room_.loop().routes(), parts.serving.route(),
                      parts.response.last_rule);
  }
};

TEST_F(FindRouteTest, ARouteIsFoundByThePathAndSaysHowMuchItMatched) {
  service_->match[0].path = "/shop";
  ExchangeParts& parts = take("GET /shop/cart?a=1 HTTP/1.1");
  ASSERT_TRUE(find(parts));
  EXPECT_EQ(parts.serving.route().service().spec->name, "shop");
  EXPECT_EQ(parts.request.matched, 5U);
}

TEST_F(FindRouteTest, WhatNoRouteIsForHasNoneAndBreaksNoRule) {
  service_->match[0].path = "/shop";
  ExchangeParts& parts = take("GET /other HTTP/1.1");
  EXPECT_FALSE(find(parts));
  EXPECT_EQ(parts.response.last_rule, net::Refusal::none);
  EXPECT_FALSE(parts.serving.route().has_service());
}

TEST_F(FindRouteTest, ARouteIsFoundByTheHostWhateverItsCase) {
  service_->match[0].host = "shop.example";
  EXPECT_TRUE(find(take("GET / HTTP/1.1", {"Host: SHOP.example:80"})));
  EXPECT_FALSE(find(take("GET / HTTP/1.1", {"Host: other.example"})));
}

TEST_F(FindRouteTest, APathThatCouldBeUnderstoodInTwoWaysIsMatchedAsTheTargetWillSeeIt) {
  service_->match[0].path = "/shop";
  ExchangeParts& parts = take("GET /a/../shop/cart HTTP/1.1");
  ASSERT_TRUE(find(parts));
  EXPECT_EQ(parts.request.head.path(), "/shop/cart");
}

TEST_F(FindRouteTest, APathThatBreaksARuleHasNoRoute) {
  ExchangeParts& parts = take("GET /a%00b HTTP/1.1");
  EXPECT_FALSE(find(parts));
  EXPECT_NE(parts.response.last_rule, net::Refusal::none);
}

}  // namespace
}  // namespace teal::proxy
