// The access log: one line per request that tells who answered, how it ended and how long it took.
#include <signal.h>

#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

namespace json = boost::json;

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kTraceparent = "traceparent: 00-" + kTrace + "-00f067aa0ba902b7-01\r\n";

class AccessLogTest : public ::testing::Test {
 protected:
  void start(const std::string& more = {}, const std::string& format = "json") {
    ConfigText config = shop({target_.address()}, more);
    config.workers = 1;  // So that lines stand in the order of the requests.
    config.services[0].match = "{ listener: public, path: /shop }";
    config.listeners = "public: { address: '127.0.0.1:0', timeouts: { request_header: 150ms } }";
    config.access_log = "{ format: " + format + ", path: \"" + (dir_ / "access.log") + "\" }";
    teal_ = std::make_unique<Teal>(config);
  }

  /// All lines, once there are so many.
  std::vector<json::object> lines(std::size_t count) {
    std::vector<json::object> parsed;
    eventually([&] {
      parsed.clear();
      std::istringstream in(read_file(dir_ / "access.log"));
      for (std::string line; std::getline(in, line);) {
        json::error_code failed;
        const json::value value = json::parse(line, failed);
        if (failed) return false;  // Half a line: it is being written.
        parsed.push_back(value.as_object());
      }
      return parsed.size() >= count;
    });
    EXPECT_EQ(parsed.size(), count) << read_file(dir_ / "access.log");
    parsed.resize(count);
    return parsed;
  }

  static std::string text(const json::object& line, std::string_view key) {
    const json::value* value = line.if_contains(key);
    if (value == nullptr) return {};
    return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
  }

  const TempDir dir_;
  Target target_;
  std::unique_ptr<Teal> teal_;
};

TEST_F(AccessLogTest, ALineHasEverythingThatAnOperatorAsksFor) {
  start();
  HttpClient client(teal_->listener());
  const Response response =
      client.post("/shop/cart?item=1", "teapot", "user-agent: tests/1\r\n" + kTraceparent);
  ASSERT_EQ(response.status, 200);
  const json::object line = lines(1)[0];
  EXPECT_EQ(text(line, "client"), "127.0.0.1");
  EXPECT_EQ(text(line, "method"), "POST");
  EXPECT_EQ(text(line, "target"), "/shop/cart?item=1");
  EXPECT_EQ(text(line, "host"), "shop.example.com");
  EXPECT_EQ(text(line, "protocol"), "HTTP/1.1");
  EXPECT_EQ(text(line, "status"), "200");
  EXPECT_EQ(text(line, "termination"), "ok");
  EXPECT_EQ(text(line, "origin"), "target");
  EXPECT_EQ(text(line, "service"), "shop");
  EXPECT_EQ(text(line, "group"), "blue");
  EXPECT_EQ(text(line, "revision"), "v1");
  EXPECT_EQ(text(line, "upstream"), target_.address());
  EXPECT_EQ(text(line, "bytes_received"), "6");
  EXPECT_EQ(text(line, "bytes_sent"), std::to_string(response.body.size()));
  EXPECT_EQ(text(line, "attempts"), "1");
  EXPECT_EQ(text(line, "user_agent"), "tests/1");
  EXPECT_EQ(text(line, "request_id"), response.headers.get("x-request-id"));
  EXPECT_EQ(text(line, "trace_id"), kTrace);
  for (const char* timer : {"connect_ms", "first_byte_ms", "duration_ms"})
    EXPECT_TRUE(line.contains(timer)) << timer;
}

TEST_F(AccessLogTest, ATraceIsToldOnlyOfTheRequestThatCameWithIt) {
  start();  // One worker, whose exchange is taken again by each request.
  HttpClient traced(teal_->listener());
  EXPECT_EQ(traced.get("/shop/traced", kTraceparent).status, 200);
  EXPECT_EQ(target_.last().headers.get("traceparent"), "00-" + kTrace + "-00f067aa0ba902b7-01");
  EXPECT_EQ(traced.get("/shop/next").status, 200);
  EXPECT_FALSE(target_.last().headers.has("traceparent"));
  HttpClient stranger(teal_->listener());
  EXPECT_EQ(stranger.get("/shop/other").status, 200);
  EXPECT_FALSE(target_.last().headers.has("traceparent"));
  const auto all = lines(3);
  EXPECT_EQ(text(all[0], "trace_id"), kTrace);
  EXPECT_FALSE(all[1].contains("trace_id"));
  EXPECT_FALSE(all[2].contains("trace_id"));
}

TEST_F(AccessLogTest, AnAnswerOfTealsOwnHasItsBytesToo) {
  start("limits: { request_body_bytes: 10 }\n");
  HttpClient client(teal_->listener());
  const std::size_t unrouted = client.get("/elsewhere").body.size();
  EXPECT_GT(unrouted, 0U);
  EXPECT_EQ(client.exchange(request("HEAD", "/elsewhere"), true).status, 404);
  const std::size_t too_large = client.post("/shop", "far too much of it").body.size();
  HttpClient rude(teal_->listener());
  const std::size_t refused = rude.exchange("GET  / HTTP/1.1\r\n\r\n").body.size();
  Http2Client modern(teal_->listener());
  const std::size_t unrouted_too = modern.get(1, "/elsewhere").body.size();
  const auto all = lines(5);
  EXPECT_EQ(text(all[0], "bytes_sent"), std::to_string(unrouted));
  EXPECT_EQ(text(all[1], "bytes_sent"), "0");
  EXPECT_EQ(text(all[2], "bytes_sent"), std::to_string(too_large));
  EXPECT_EQ(text(all[3], "bytes_sent"), std::to_string(refused));
  EXPECT_EQ(text(all[4], "bytes_sent"), std::to_string(unrouted_too));
}

TEST_F(AccessLogTest, TheTerminationSaysHowARequestEnded) {
  start("timeouts: { response_header: 100ms, stream_idle: 100ms }\n");
  target_.on_request([](TargetConnection& connection, const SeenRequest& request) {
    if (request.path == "/shop/reset") connection.reset();
    if (request.path == "/shop/stall") connection.stall();
    if (request.path == "/shop/nonsense") connection.send("nonsense\r\n\r\n");
    if (request.path == "/shop/stream") {
      connection.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
      connection.stall();
    }
    if (request.path == "/shop/short") {
      connection.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
      connection.close();
    }
  });
  const std::vector<std::tuple<std::string, std::string, std::string>> cases{
      {request("GET", "/nowhere"), "no_route", "404"},
      {"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", "refused", "400"},
      {"GET / HTTP/1.1\r\nho", "request_header_timeout", "408"},
      {request("GET", "/shop/reset"), "upstream_reset", "502"},
      {request("GET", "/shop/stall"), "response_timeout", "504"},
      {request("GET", "/shop/nonsense"), "upstream_protocol", "502"},
      {request("GET", "/shop/stream"), "stream_timeout", "200"},
      {request("GET", "/shop/short"), "upstream_truncated", "200"},
  };
  std::size_t count = 0;
  for (const auto& [bytes, termination, status] : cases) {
    HttpClient client(teal_->listener());
    client.exchange(bytes);
    const json::object line = lines(++count).back();
    EXPECT_EQ(text(line, "termination"), termination) << json::serialize(line);
    EXPECT_EQ(text(line, "status"), status) << json::serialize(line);
  }
}

TEST_F(AccessLogTest, WhatClientsSendCannotForgeALine) {
  start();
  HttpClient client(teal_->listener());
  client.get("/shop/\"}", "user-agent: \"quoted\\\" \x80 \xc3\xa4\t{\r\nreferer: a\"b\r\n");
  const json::object line = lines(1)[0];
  EXPECT_EQ(text(line, "target"), "/shop/\"}");
  EXPECT_TRUE(text(line, "user_agent").starts_with("\"quoted\\\"")) << json::serialize(line);
}

TEST_F(AccessLogTest, TheFileIsOpenedAgainOnTheSignal) {
  start();
  HttpClient client(teal_->listener());
  ASSERT_EQ(client.get("/shop/1").status, 200);
  lines(1);
  std::filesystem::rename(dir_ / "access.log", dir_ / "access.log.1");
  teal_->signal(SIGUSR1);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(dir_ / "access.log"); }));
  ASSERT_EQ(client.get("/shop/2").status, 200);
  EXPECT_EQ(text(lines(1)[0], "target"), "/shop/2");
}

TEST_F(AccessLogTest, CombinedIsWhatApacheWrites) {
  start({}, "combined");
  HttpClient client(teal_->listener());
  client.get("/shop/a", "user-agent: tests/1\r\nreferer: /from\r\n");
  std::string line;
  ASSERT_TRUE(eventually([&] {
    line = read_file(dir_ / "access.log");
    return line.ends_with('\n');
  }));
  EXPECT_TRUE(line.starts_with("127.0.0.1 - - [")) << line;
  EXPECT_NE(line.find("\"GET /shop/a HTTP/1.1\" 200 15 \"/from\" \"tests/1\""), std::string::npos)
      << line;
}

}  // namespace
}  // namespace teal::e2e
