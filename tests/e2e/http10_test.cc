// HTTP/1.0 on either side, and the addresses that are not IPv4.
#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

TEST(Http10, ServesAnOldClientAndCloses) {
  Target target;
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  const Response response = client.exchange("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_EQ(response.body, "blue-1 /old\n") << describe(response);
  EXPECT_EQ(client.await_end(), Arrival::closed);
  EXPECT_EQ(target.last().start_line, "GET /old HTTP/1.1");
}

TEST(Http10, KeepsTheConnectionOfAnOldClientThatAsksForIt) {
  Target target;
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  for (int i = 0; i < 3; ++i) {
    const Response response =
        client.exchange("GET /old HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    EXPECT_EQ(response.status, 200) << describe(response);
    EXPECT_EQ(response.headers.get("connection"), "keep-alive");
  }
}

TEST(Http10, GivesAnOldClientNoChunksButAnEnd) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    connection.send("5\r\nhello\r\n6\r\n world\r\n0\r\nx-trailer: gone\r\n\r\n");
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  const Response response = client.exchange("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
  EXPECT_EQ(response.kind, BodyKind::until_close) << describe(response);
  EXPECT_EQ(response.body, "hello world");
  EXPECT_TRUE(response.complete);
}

TEST(Http10, UnderstandsAnOldTarget) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nold but fine");
    connection.close();
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  for (int i = 0; i < 2; ++i) {
    const Response response = client.get("/");
    EXPECT_EQ(response.start_line, "HTTP/1.1 200 OK");
    EXPECT_EQ(response.body, "old but fine") << describe(response);
  }
}

TEST(Http10, DoesNotKeepAnOldTargetsConnectionUnasked) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok");
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get("/").body, "ok");
  EXPECT_EQ(target.connections(), 3U);
}

TEST(Addresses, ListensOnAUnixSocket) {
  Target target;
  ConfigText config = shop({target.address()});
  config.listeners = "public: { address: \"unix:$DIR/public.sock\" }";
  Teal teal(config);
  const Address address = *parse_address("unix:" + (teal.dir() / "public.sock"));
  for (int i = 0; i < 4; ++i) {
    HttpClient client(address);
    EXPECT_EQ(client.get("/by-unix").body, "blue-1 /by-unix\n");
  }
}

TEST(Addresses, TakesOverTheSocketFileOfADeadTeal) {
  Target target;
  ConfigText config = shop({target.address()});
  config.listeners = "public: { address: \"unix:$DIR/public.sock\" }";
  Teal teal(config);
  teal.kill9();
  teal.start();
  HttpClient client(*parse_address("unix:" + (teal.dir() / "public.sock")));
  EXPECT_EQ(client.get("/").status, 200);
}

TEST(Addresses, ReachesATargetByAUnixSocket) {
  const TempDir dir;
  Target target("unix-1", *parse_address("unix:" + (dir / "app.sock")));
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").headers.get("x-target"), "unix-1");
  EXPECT_EQ(client.post("/", "body").status, 200);
  EXPECT_EQ(target.last().body, "body");
}

TEST(Addresses, SpeaksIpv6OnBothSides) {
  Target target("six", {Address::Kind::ip6, "::1", 0});
  ConfigText config = shop({target.address()});
  config.listeners = "public: { address: '[::1]:0' }";
  Teal teal(config);
  EXPECT_EQ(teal.listener().kind, Address::Kind::ip6);
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").headers.get("x-target"), "six");
  EXPECT_EQ(target.last().headers.get("x-forwarded-for"), "::1");
}

}  // namespace
}  // namespace teal::e2e
