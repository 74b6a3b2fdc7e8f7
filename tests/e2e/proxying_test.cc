// What every reverse proxy has to do: requests go to the target, responses come back, as they are.
#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

TEST(Proxying, PassesARequestToTheTargetAndItsResponseBack) {
  Target target;
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  const Response response = client.get("/hello?x=1&y=%20", "x-custom: kept\r\n");
  EXPECT_EQ(response.status, 200) << describe(response);
  EXPECT_EQ(response.body, "blue-1 /hello?x=1&y=%20\n");
  EXPECT_EQ(response.headers.get("x-target"), "blue-1");
  EXPECT_EQ(target.last().start_line, "GET /hello?x=1&y=%20 HTTP/1.1");
  EXPECT_EQ(target.last().headers.get("x-custom"), "kept");
}

TEST(Proxying, KeepsBothConnectionsForTheNextRequest) {
  Target target;
  ConfigText config = shop({target.address()});
  config.workers = 1;
  Teal teal(config);
  HttpClient client(teal.listener());
  for (int i = 0; i < 50; ++i) ASSERT_EQ(client.get("/").status, 200);
  EXPECT_EQ(target.requests(), 50U);
  EXPECT_EQ(target.connections(), 1U);
}

TEST(Proxying, PassesABodyOfKnownLength) {
  Target target;
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.post("/orders", "two teapots").status, 200);
  EXPECT_EQ(target.last().method, "POST");
  EXPECT_EQ(target.last().kind, BodyKind::length);
  EXPECT_EQ(target.last().body, "two teapots");
  EXPECT_EQ(client.post("/orders", "").status, 200);
  EXPECT_EQ(target.last().headers.get("content-length"), "0");
}

TEST(Proxying, AnswersHeadWithTheLengthAndWithoutTheBody) {
  Target target;
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  const Response response = client.exchange(request("HEAD", "/page"), true);
  EXPECT_EQ(response.status, 200) << describe(response);
  EXPECT_EQ(response.headers.get("content-length"), "13");
  EXPECT_EQ(client.get("/page").body, "blue-1 /page\n") << "the connection goes on behind it";
}

TEST(Proxying, PassesResponsesThatHaveNoBodyByTheirStatus) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest& request) {
    connection.send(request.path == "/204" ? "HTTP/1.1 204 No Content\r\n\r\n"
                    : request.path == "/304"
                        ? "HTTP/1.1 304 Not Modified\r\netag: \"7\"\r\ncontent-length: 99\r\n\r\n"
                        : response(200, "body"));
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  const Response none = client.get("/204");
  EXPECT_EQ(none.status, 204) << describe(none);
  EXPECT_FALSE(none.headers.has("content-length"));
  const Response unchanged = client.get("/304");
  EXPECT_EQ(unchanged.status, 304) << describe(unchanged);
  EXPECT_EQ(unchanged.headers.get("etag"), "\"7\"");
  EXPECT_EQ(client.get("/").body, "body");
  EXPECT_EQ(target.connections(), 1U);
}

TEST(Proxying, PassesEveryOrdinaryMethodAndRefusesConnect) {
  Target target;
  Teal teal(shop({target.address()}));
  for (const char* method : {"PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"}) {
    HttpClient client(teal.listener());
    EXPECT_EQ(client.exchange(request(method, "/thing")).status, 200) << method;
    EXPECT_EQ(target.last().method, method);
  }
  HttpClient client(teal.listener());
  const Response refused = client.exchange("CONNECT other:443 HTTP/1.1\r\nhost: other:443\r\n\r\n");
  EXPECT_EQ(refused.status, 501) << describe(refused);
  EXPECT_EQ(target.requests(), 5U);
}

TEST(Proxying, AnswersTwentyPipelinedRequestsInTheirOrder) {
  Target target;
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  std::string packet;
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(i);
    packet += i % 2 == 0 ? request("GET", "/" + number)
                         : request("POST", "/" + number, "content-length: 4\r\n") + "body";
  }
  client.send(packet);
  for (int i = 0; i < 20; ++i) {
    const Response response = client.read();
    ASSERT_EQ(response.body, "blue-1 /" + std::to_string(i) + "\n") << describe(response);
  }
}

TEST(Proxying, PassesTheTargetsOwnErrorsAsTheyAre) {
  Target target;
  target.set_status(503);
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  const Response response = client.get("/");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.get("x-target"), "blue-1");
  EXPECT_EQ(response.body, "blue-1 /\n");
}

TEST(Proxying, CutsAnAbsoluteTargetDownToItsPath) {
  Target target;
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  const Response response =
      client.exchange("GET http://shop.example.com/a?b HTTP/1.1\r\nhost: shop.example.com\r\n\r\n");
  EXPECT_EQ(response.status, 200) << describe(response);
  EXPECT_EQ(target.last().path, "/a?b");
  EXPECT_EQ(target.last().headers.get("host"), "shop.example.com");
}

TEST(Proxying, TellsTheTargetWhenTheClientGoesAway) {
  Target target;
  Trigger gone;
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.await_end();
    gone.fire();
  });
  Teal teal(shop({target.address()}));
  {
    HttpClient client(teal.listener());
    client.send(request("GET", "/"));
    ASSERT_TRUE(target.await_requests(1));
    client.wire().reset();
  }
  EXPECT_TRUE(gone.wait()) << "the request's connection to the target was not ended";
  EXPECT_TRUE(eventually([&] { return teal.admin().metric("teal_client_aborts_total") == 1; }));
}

TEST(Proxying, WorksForCurl) {
  Target target;
  Teal teal(shop({target.address()}));
  const std::string url = "http://" + to_string(teal.listener());
  const Finished two = run({"curl", "-sS", "-f", url + "/one", url + "/two"});
  EXPECT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(two.out, "blue-1 /one\nblue-1 /two\n");
  const Finished upload =
      run({"curl", "-sS", "-f", "-H", "Expect: 100-continue", "-T", "-", url + "/up"},
          std::string(300'000, 'u'));
  EXPECT_EQ(upload.code, 0) << upload.err;
  EXPECT_EQ(target.last().body.size(), 300'000U);
}

}  // namespace
}  // namespace teal::e2e
