// What comes before the response proper, or before the request is whole: 1xx and early answers
// (Expect has a file of its own).
#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

TEST(Interim, PassesHintsAndProcessingToAClientOfHttp11) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 102 Processing\r\n\r\n");
    connection.send("HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n");
    connection.send(response(200, "page"));
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  const Response response = client.get("/");
  EXPECT_EQ(response.body, "page") << describe(response);
  ASSERT_EQ(response.interim.size(), 2U);
  EXPECT_EQ(response.interim[0].status, 102);
  EXPECT_EQ(response.interim[1].status, 103);
  EXPECT_EQ(response.interim[1].headers.get("link"), "</style.css>; rel=preload");
}

TEST(Interim, KeepsHintsFromAClientOfHttp10) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n");
    connection.send(response(200, "page"));
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  const Response response = client.exchange("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(response.body, "page") << describe(response);
  EXPECT_TRUE(response.interim.empty());
}

TEST(Interim, PassesAResponseThatComesWhileTheBodyIsStillOnItsWay) {
  Target target;
  target.on_connection([](TargetConnection& connection) {
    if (!connection.next_head()) return;
    connection.send(response(413, "too much", "connection: close\r\n"));
    connection.await_end();
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  client.send(request("POST", "/", "content-length: 1000000\r\n") + std::string(1000, 'x'));
  const Response response = client.read();
  EXPECT_EQ(response.status, 413) << describe(response);
  EXPECT_EQ(response.body, "too much");
  EXPECT_EQ(response.headers.get("connection"), "close") << "or the rest would be read as requests";
  EXPECT_EQ(client.await_end(), Arrival::closed);
}

TEST(Interim, RelaysBothDirectionsAtTheSameTime) {
  Target target;
  target.on_connection([](TargetConnection& connection) {
    std::optional<SeenRequest> request = connection.next_head();
    if (!request) return;
    connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    connection.read_body(*request);
    connection.send("4\r\nlast\r\n0\r\n\r\n");
    connection.await_end();
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  client.send(request("POST", "/", "transfer-encoding: chunked\r\n") + "3\r\nabc\r\n");
  std::string begun;
  while (begun.find("first") == std::string::npos)
    ASSERT_EQ(client.wire().read(begun), Arrival::bytes) << begun;
  client.send("3\r\ndef\r\n0\r\n\r\n");
  std::string rest;
  while (rest.find("0\r\n\r\n") == std::string::npos)
    ASSERT_EQ(client.wire().read(rest), Arrival::bytes) << rest;
  EXPECT_EQ(rest, "4\r\nlast\r\n0\r\n\r\n");
}

TEST(Interim, RefusesASwitchOfProtocolsThatNobodyAskedFor) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  const Response response = client.get("/", "upgrade: x\r\nconnection: upgrade\r\n");
  EXPECT_EQ(response.status, 502) << describe(response);
  EXPECT_FALSE(target.last().headers.has("upgrade"));
}

}  // namespace
}  // namespace teal::e2e
