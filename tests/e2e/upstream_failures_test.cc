// Targets that cannot be reached, stall, die or talk nonsense: what the client gets, and that the
// next request does not suffer from it.
#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

constexpr const char* kInTurn = "balance: round_robin\noutlier: off\n";

TEST(UpstreamFailures, AnotherTargetServesWhenOneCannotBeReached) {
  const RefusedAddress dead;
  Target alive("alive");
  Teal teal(shop({to_string(dead.address()), alive.address()}, kInTurn));
  HttpClient client(teal.listener());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.get("/").headers.get("x-target"), "alive");
    EXPECT_EQ(client.post("/", "not sent yet, so safe to send").status, 200);
  }
  EXPECT_GT(teal.admin().metric("teal_upstream_connection_failures_total"), 0);
}

TEST(UpstreamFailures, NobodyReachableIsABadGateway) {
  const RefusedAddress one, two;
  Teal teal(shop({to_string(one.address()), to_string(two.address())}, "outlier: off"));
  HttpClient client(teal.listener());
  for (int i = 0; i < 3; ++i) {
    const Response response = client.get("/");
    EXPECT_EQ(response.status, 502) << describe(response);
    EXPECT_TRUE(response.complete);
    EXPECT_FALSE(response.body.empty());
  }
}

TEST(UpstreamFailures, ARetryCountsOnceItIsMade) {
  const RefusedAddress one, two;
  const auto retries_with = [](const std::vector<std::string>& targets) {
    Teal teal(shop(targets, "outlier: off\n"));
    HttpClient client(teal.listener());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get("/").status, 502);
    return teal.admin().metric("teal_upstream_retries_total", "connect_failed");
  };
  EXPECT_EQ(retries_with({to_string(one.address())}), 0) << "there is nobody else to ask";
  EXPECT_EQ(retries_with({to_string(one.address()), to_string(two.address())}), 3);
}

TEST(UpstreamFailures, ATargetThatDoesNotAcceptIsATimeout) {
  const SilentAddress silent;
  Teal teal(shop({to_string(silent.address())}, "timeouts: { connect: 100ms }"));
  HttpClient client(teal.listener());
  const Response response = client.get("/");
  EXPECT_EQ(response.status, 504) << describe(response);
  EXPECT_GE(teal.admin().metric("teal_timeouts_total", "connect"), 1);
}

TEST(UpstreamFailures, AnotherTargetServesWhenOneDoesNotAccept) {
  const SilentAddress silent;
  Target alive("alive");
  Teal teal(shop({to_string(silent.address()), alive.address()},
                 std::string(kInTurn) + "timeouts: { connect: 100ms }"));
  HttpClient client(teal.listener());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.get("/").headers.get("x-target"), "alive");
}

TEST(UpstreamFailures, ATargetThatDiesBeforeItAnswersIsABadGateway) {
  Target target;
  for (const bool orderly : {true, false}) {
    target.on_request([orderly](TargetConnection& connection, const SeenRequest&) {
      orderly ? connection.close() : connection.reset();
    });
    Teal teal(shop({target.address()}));
    HttpClient client(teal.listener());
    const Response response = client.get("/");
    EXPECT_EQ(response.status, 502) << describe(response);
    target.on_request(nullptr);
    EXPECT_EQ(client.get("/").status, 200) << "the client's connection is still good";
  }
}

TEST(UpstreamFailures, AHalfHeadIsABadGateway) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 200 OK\r\ncontent-le");
    connection.close();
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").status, 502);
}

class TruncationTest : public ::testing::Test {
 protected:
  /// A client's view of a response that ends after `bytes`.
  Response truncated(const std::string& bytes, bool by_reset, bool old_client = false) {
    Target target;
    target.on_request([&](TargetConnection& connection, const SeenRequest&) {
      connection.send(bytes);
      if (by_reset) {
        connection.wait(relayed_);  // A reset overtakes what has not been read.
        connection.reset();
      } else {
        connection.close();
      }
    });
    Teal teal(shop({target.address()}));
    HttpClient client(teal.listener());
    client.send(old_client ? "GET / HTTP/1.0\r\n\r\n" : request("GET", "/"));
    std::string begun;
    while (by_reset && begun.find("half") == std::string::npos)
      if (client.wire().read(begun) != Arrival::bytes) break;
    relayed_.fire();
    if (by_reset) {
      Response response;
      response.ended = client.wire().read_to_end(begun);
      response.body = begun;
      response.complete = begun.ends_with("0\r\n\r\n");
      return response;
    }
    Response response = client.read();
    EXPECT_EQ(teal.admin().metric("teal_upstream_truncated_responses_total"), 1);
    return response;
  }

  Trigger relayed_;
};

TEST_F(TruncationTest, AResponseOfKnownLengthEndsShort) {
  const Response response = truncated("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", false);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "half");
  EXPECT_FALSE(response.complete);
  EXPECT_NE(response.ended, Arrival::timeout);
}

TEST_F(TruncationTest, AChunkedResponseEndsWithoutItsLastChunk) {
  for (const char* rest : {"", "8\r\nhal"}) {
    const Response response = truncated(
        std::string("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n") + rest,
        false);
    EXPECT_EQ(response.status, 200);
    EXPECT_FALSE(response.complete) << describe(response);
    EXPECT_NE(response.ended, Arrival::timeout);
  }
}

TEST_F(TruncationTest, ACloseDelimitedResponseThatIsResetDoesNotLookWhole) {
  const Response response = truncated("HTTP/1.1 200 OK\r\n\r\nhalf", true);
  EXPECT_FALSE(response.complete) << response.body;
  EXPECT_NE(response.ended, Arrival::timeout);
}

TEST_F(TruncationTest, AnOldClientSeesAResetWhereACloseWouldLookLikeTheEnd) {
  const Response response = truncated("HTTP/1.1 200 OK\r\n\r\nhalf", true, true);
  EXPECT_EQ(response.ended, Arrival::reset) << response.body;
}

TEST(UpstreamFailures, NonsenseIsABadGatewayAndItsConnectionIsGivenUp) {
  const std::vector<std::string> nonsense{
      "SSH-2.0-OpenSSH_9.2\r\n",
      "HTTP/1.1 2000 Much\r\n\r\n",
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
      "HTTP/1.1 200 OK\nx: y\n\n",
      "HTTP/1.1 200 OK\r\nx-big: " + std::string(100'000, 'b') + "\r\n\r\n",
  };
  Target target;
  target.on_request([&](TargetConnection& connection, const SeenRequest& request) {
    connection.send(nonsense[std::stoul(request.path.substr(1))]);
  });
  Teal teal(shop({target.address()}, "outlier: off"));
  HttpClient client(teal.listener());
  for (std::size_t i = 0; i < nonsense.size(); ++i) {
    const Response response = client.get("/" + std::to_string(i));
    EXPECT_EQ(response.status, 502) << nonsense[i].substr(0, 60) << "\n" << describe(response);
    EXPECT_EQ(target.connections(), i + 1) << "a connection was used again";
  }
  EXPECT_EQ(teal.admin().metric("teal_upstream_protocol_errors_total"),
            static_cast<double>(nonsense.size()));
}

TEST(UpstreamFailures, ATargetThatDoesNotAnswerInTimeIsATimeout) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) { connection.stall(); });
  Teal teal(shop({target.address()}, "timeouts: { response_header: 100ms }"));
  HttpClient client(teal.listener());
  const Response response = client.get("/");
  EXPECT_EQ(response.status, 504) << describe(response);
  EXPECT_EQ(teal.admin().metric("teal_timeouts_total", "response_header"), 1);
}

TEST(UpstreamFailures, AResponseThatStallsIsCut) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    connection.stall();
  });
  Teal teal(shop({target.address()}, "timeouts: { stream_idle: 100ms }"));
  HttpClient client(teal.listener());
  const Response response = client.get("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.complete);
  EXPECT_NE(response.ended, Arrival::timeout);
  EXPECT_EQ(teal.admin().metric("teal_timeouts_total", "stream"), 1);
}

}  // namespace
}  // namespace teal::e2e
