// Bodies: framing of every kind, large ones, slow takers, and messages that come in pieces.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

std::string noise(std::size_t size, std::uint64_t seed) {
  Rng rng(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(rng.below(256));
  return out;
}

std::string chunk(std::string_view data) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return std::string(size) + std::string(data) + "\r\n";
}

/// Answers each request with its own body.
void echo(TargetConnection& connection, const SeenRequest& request) {
  connection.send(response(200, request.body));
}

TEST(Bodies, PassesAChunkedRequestWithItsTrailersWhereTheServiceAsksForThem) {
  Target target;
  Teal teal(shop({target.address()}, "request_trailers: pass\n"));
  HttpClient client(teal.listener());
  const Response response = client.exchange(
      request("POST", "/", "transfer-encoding: chunked\r\ntrailer: x-checksum\r\n") +
      chunk("Wiki") + "5;name=\"value\"\r\npedia\r\n0\r\nx-checksum: 42\r\n\r\n");
  EXPECT_EQ(response.status, 200) << describe(response);
  const SeenRequest seen = target.last();
  EXPECT_EQ(seen.kind, BodyKind::chunked);
  EXPECT_EQ(seen.body, "Wikipedia");
  EXPECT_EQ(seen.trailers.get("x-checksum"), "42");
}

TEST(Bodies, PassesAChunkedResponseWithItsTrailers) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    connection.send(chunk("hello ") + chunk("world"));
    connection.send("0\r\nserver-timing: total;dur=1\r\n\r\n");
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  for (int i = 0; i < 2; ++i) {
    const Response response = client.get("/");
    EXPECT_EQ(response.kind, BodyKind::chunked) << describe(response);
    EXPECT_EQ(response.body, "hello world");
    EXPECT_EQ(response.trailers.get("server-timing"), "total;dur=1");
  }
}

TEST(Bodies, MakesACloseDelimitedResponseChunkedAndKeepsTheClient) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    connection.close();
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  for (int i = 0; i < 2; ++i) {
    const Response response = client.get("/");
    EXPECT_EQ(response.kind, BodyKind::chunked) << describe(response);
    EXPECT_TRUE(response.complete);
    EXPECT_EQ(response.body, "until the end");
  }
}

TEST(Bodies, CarriesTenMegabytesBothWaysUnchanged) {
  Target target;
  target.on_request(echo);
  Teal teal(shop({target.address()}));
  const std::string body = noise(10 << 20U, 1);
  HttpClient client(teal.listener());
  const Response known = client.post("/", body);
  EXPECT_EQ(known.status, 200);
  EXPECT_TRUE(known.complete && known.body == body) << known.body.size();
  std::string framed = request("POST", "/", "transfer-encoding: chunked\r\n");
  for (std::size_t at = 0; at < body.size(); at += 70'001) framed += chunk(body.substr(at, 70'001));
  const Response chunked = client.exchange(framed + "0\r\n\r\n");
  EXPECT_EQ(chunked.status, 200);
  EXPECT_TRUE(chunked.complete && chunked.body == body) << chunked.body.size();
}

TEST(Bodies, BoundsMemoryAndLosesNothingForAClientThatReadsSlowly) {
  // Half of it is more than the kernel keeps in the sockets' buffers, some 40 MiB.
  constexpr std::size_t kSize = 128 << 20U;
  const std::string piece = noise(1 << 20U, 2);
  std::atomic<std::size_t> sent{0};
  Target target;
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(kSize) + "\r\n\r\n");
    for (std::size_t at = 0; at < kSize; at += 64 * 1024) {
      if (!connection.send(std::string_view(piece).substr(at % piece.size(), 64 * 1024))) return;
      sent += 64 * 1024;
    }
  });
  Teal teal(shop({target.address()}));
  const long before = teal.resident_kilobytes();
  HttpClient client(teal.listener(), 64 * 1024);
  client.send(request("GET", "/"));
  // The target gets stuck when every buffer between is full: no progress in a while.
  std::size_t seen = 0;
  Deadline quiet{Millis{150}};
  ASSERT_TRUE(eventually([&] {
    if (sent != seen || seen == 0) {
      seen = sent;
      quiet = Deadline{Millis{150}};
    }
    return quiet.has_passed();
  }));
  EXPECT_LT(seen, kSize / 2) << "nothing held the target back";
  EXPECT_LT(teal.resident_kilobytes() - before, kSanitized ? 64 * 1024 : 8 * 1024);
  const Response response = client.read(false, Deadline{std::chrono::seconds{30}});
  ASSERT_TRUE(response.complete) << response.body.size();
  for (std::size_t at = 0; at < kSize; at += piece.size())
    ASSERT_EQ(response.body.compare(at, piece.size(), piece), 0) << "at " << at;
}

TEST(Bodies, HoldsBackAClientThatSendsFasterThanTheTargetTakes) {
  constexpr std::size_t kSize = 32 << 20U;
  Target target;
  Trigger go;
  std::atomic<std::size_t> received{0};
  target.on_connection([&](TargetConnection& connection) {
    std::optional<SeenRequest> request = connection.next_head();
    connection.wait(go);
    connection.read_body(*request);
    received = request->body.size();
    connection.send(response(200, "done"));
  });
  Teal teal(shop({target.address()}));
  const long before = teal.resident_kilobytes();
  HttpClient client(teal.listener());
  client.send(request("POST", "/", "content-length: " + std::to_string(kSize) + "\r\n"));
  const std::string body(kSize, 'b');
  std::atomic<bool> all_sent{false};
  std::jthread sender([&] {
    client.send(body);
    all_sent = true;
  });
  // As much as all buffers hold has left; then nobody takes more.
  EXPECT_FALSE(eventually([&] { return all_sent.load(); }, Deadline{Millis{300}}));
  EXPECT_LT(teal.resident_kilobytes() - before, kSanitized ? 64 * 1024 : 8 * 1024);
  go.fire();
  sender.join();
  EXPECT_EQ(client.read().body, "done");
  EXPECT_EQ(received, kSize);
}

TEST(Bodies, UnderstandsARequestSplitAtEveryByte) {
  Target target;
  target.on_request(echo);
  Teal teal(shop({target.address()}, "request_trailers: pass\n"));
  HttpClient client(teal.listener());
  const std::string whole = request("POST", "/split", "transfer-encoding: chunked\r\n") +
                            "6\r\nhello \r\n5;x=y\r\nworld\r\n0\r\nx-end: yes\r\n\r\n";
  for (std::size_t at = 1; at < whole.size(); ++at) {
    client.send(std::string_view(whole).substr(0, at));
    std::string early;
    ASSERT_EQ(client.wire().read(early, Deadline{Millis{1}}), Arrival::timeout) << early;
    client.send(std::string_view(whole).substr(at));
    const Response response = client.read();
    ASSERT_EQ(response.body, "hello world") << "split at " << at << ": " << describe(response);
    ASSERT_EQ(target.last().trailers.get("x-end"), "yes") << "split at " << at;
  }
  for (const char byte : whole) client.send(std::string_view(&byte, 1));
  EXPECT_EQ(client.read().body, "hello world");
}

TEST(Bodies, UnderstandsAResponseSplitAtEveryByte) {
  const std::string whole =
      "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nx-target: t\r\n"
      "transfer-encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\nx-end: yes\r\n\r\n";
  Target target;
  target.on_request([&](TargetConnection& connection, const SeenRequest& request) {
    const auto at = static_cast<std::size_t>(std::stoul(request.path.substr(1)));
    connection.send(std::string_view(whole).substr(0, at));
    connection.linger(Millis{1});
    connection.send(std::string_view(whole).substr(at));
  });
  Teal teal(shop({target.address()}));
  HttpClient client(teal.listener());
  for (std::size_t at = 1; at < whole.size(); ++at) {
    const Response response = client.get("/" + std::to_string(at));
    ASSERT_EQ(response.body, "hello world") << "split at " << at << ": " << describe(response);
    ASSERT_EQ(response.trailers.get("x-end"), "yes") << "split at " << at;
    ASSERT_EQ(response.interim.size(), 1U) << "split at " << at;
  }
}

}  // namespace
}  // namespace teal::e2e
