// WebSockets by real clients and servers (Debian's python3-websockets and python3-h2), while
// traffic shifts.
#include <signal.h>

#include <boost/json.hpp>

#include "tests/support/e2e_peer.h"
#include "tests/support/e2e_teal.h"

#include <gtest/gtest.h>

namespace teal::e2e {
namespace {

namespace json = boost::json;

std::int64_t number(const json::value& report, std::string_view key) {
  return report.at(key).as_int64();
}

class WebsocketTest : public testing::Test {
 protected:
  void start(const std::string& more_listener = {}) {
    ConfigText config;
    ServiceText service;
    service.blue = {blue_.address()};
    service.green = {green_.address()};
    config.services = {service};
    if (!more_listener.empty()) config.listeners = more_listener;
    teal_ = std::make_unique<Teal>(config);
  }
  std::string front() const { return "127.0.0.1:" + std::to_string(teal_->listener().port); }
  /// A peer's last line.
  static json::value report_of(const PythonPeer& peer) {
    const std::string all = peer.output();
    const std::size_t end = all.rfind('\n');
    const std::size_t begin = all.rfind('\n', end - 1);
    return json::parse(all.substr(begin == std::string::npos ? 0 : begin + 1));
  }

  PythonPeer blue_{{"websocket_peer.py", "serve", "blue"}};
  PythonPeer green_{{"websocket_peer.py", "serve", "green"}};
  std::unique_ptr<Teal> teal_;
};

TEST_F(WebsocketTest, ConversationsGoOnThroughFiftyShifts) {
  start();
  PythonPeer talk({"websocket_peer.py", "talk", "ws://" + front() + "/chat", "8"});
  ASSERT_TRUE(eventually([&] { return teal_->admin().metric("teal_tunnels_active") >= 8; }))
      << talk.errors();
  for (int shift = 0; shift < 50; ++shift) {
    const double before = teal_->admin().metric("teal_tunnels_total");
    ASSERT_EQ(teal_->admin().split(shift % 2 == 0 ? "100%" : "0%").status, 200);
    ASSERT_TRUE(
        eventually([&] { return teal_->admin().metric("teal_tunnels_total") > before + 1; }));
  }
  talk.signal(SIGTERM);
  EXPECT_EQ(talk.wait(Deadline{std::chrono::seconds{30}}), 0) << talk.errors();
  const json::value report = report_of(talk);
  EXPECT_EQ(report.at("errors").as_array().size(), 0U) << json::serialize(report);
  EXPECT_GE(number(report, "echoes"), 200) << json::serialize(report);
  EXPECT_GT(number(report, "murmurs"), 0) << json::serialize(report);
  // Conversations stayed where they began, and new ones went where the traffic was.
  EXPECT_EQ(number(report.at("names"), "blue"), 8) << json::serialize(report);
  EXPECT_GE(number(report.at("short"), "blue"), 20) << json::serialize(report);
  EXPECT_GE(number(report.at("short"), "green"), 20) << json::serialize(report);
  EXPECT_TRUE(eventually([&] { return teal_->admin().metric("teal_tunnels_active") == 0; }));
  EXPECT_EQ(teal_->admin().metric("teal_requests_total", "code=\"5xx\""), 0);
}

TEST_F(WebsocketTest, StreamsOfHttp2AreConversationsToo) {
  start();
  PythonPeer client({"websocket_over_http2.py", front(), "10", "40"});
  EXPECT_EQ(client.wait(Deadline{std::chrono::seconds{30}}), 0) << client.errors();
  const json::value report = report_of(client);
  EXPECT_EQ(report.at("errors").as_array().size(), 0U) << json::serialize(report);
  EXPECT_EQ(number(report, "connect_protocol"), 1);
  EXPECT_EQ(json::serialize(report.at("statuses")), R"(["200"])");
  EXPECT_EQ(number(report, "echoes"), 400);
  EXPECT_EQ(number(report, "accepts"), 0);
  EXPECT_EQ(teal_->admin().metric("teal_tunnels_total"), 10);
  EXPECT_TRUE(eventually([&] { return teal_->admin().metric("teal_tunnels_active") == 0; }));
}

}  // namespace
}  // namespace teal::e2e
