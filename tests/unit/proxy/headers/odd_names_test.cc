#include "proxy/headers/odd_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using config::Underscores;
using testing::ElementsAre;
using Names = std::vector<std::string>;

struct Left {
  OddNames odd;
  Names names;
};

Left left_of(const Names& lines, Underscores underscores) {
  auto owned = test::request_head("GET / HTTP/1.1", lines);
  Left left;
  left.odd = take_out_odd_names(owned.head.fields, underscores);
  for (const net::Field& field : owned.head.fields)
    left.names.emplace_back(owned.head.fields.name(field));
  return left;
}

TEST(OddNames, ThatReadLikeANameOfTealsOwnNeverPass) {
  for (const char* name :
       {"X_Forwarded_For", "x_forwarded-proto", "X-Forwarded_Host", "x.forwarded.port", "X_Real_IP",
        "X_Request_Id", "Transfer_Encoding", "Content_Length", "Keep_Alive", "Proxy_Connection",
        "Proxy_Authorization", "X_Forwarded_Client_Cert", "Sec_WebSocket_Key", "X~Real~IP"}) {
    const Left left = left_of({"Host: a", std::string(name) + ": 1", "x-b: 2"}, Underscores::pass);
    EXPECT_THAT(left.names, ElementsAre("Host", "x-b")) << name;
    EXPECT_EQ(left.odd.twins, 1U) << name;
    EXPECT_TRUE(reads_like_own(name)) << name;
  }
}

TEST(OddNames, OfOthersAreDroppedPassedOrRefusedAsTheListenerSays) {
  const Names lines{"Host: a", "X_Trace: 1", "X_Real_IP: 2", "x.dotted: 3", "User_Agent: 4"};
  const Left passed = left_of(lines, Underscores::pass);
  EXPECT_THAT(passed.names, ElementsAre("Host", "X_Trace", "x.dotted", "User_Agent"));
  const Left dropped = left_of(lines, Underscores::drop);
  EXPECT_THAT(dropped.names, ElementsAre("Host", "x.dotted"));
  EXPECT_EQ(dropped.odd.twins, 1U);
  EXPECT_EQ(dropped.odd.underscored, 2U);
  EXPECT_TRUE(left_of(lines, Underscores::refuse).odd.is_refused);
}

TEST(OddNames, AreRefusedForUnderscoresOnly) {
  const Left left = left_of({"Host: a", "x.dotted: 3", "X.Real.IP: 2"}, Underscores::refuse);
  EXPECT_FALSE(left.odd.is_refused);
  EXPECT_THAT(left.names, ElementsAre("Host", "x.dotted"));
}

}  // namespace
}  // namespace teal::proxy
