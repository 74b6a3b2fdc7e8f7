// gRPC end to end: a real server and a real client (tests/support/grpc_peer.py) with Teal in
// between, and what Teal says in its own name.
#include <signal.h>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_http2_target.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> peer(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(),
                   {"/usr/bin/python3", TEAL_SOURCE_DIR "/tests/support/grpc_peer.py"});
  return arguments;
}

class GrpcServer {
 public:
  explicit GrpcServer(const std::string& name)
      : process_(peer({"serve", name}), dir_ / "out", dir_ / "err") {
    eventually([&] { return has(read_file(dir_ / "out"), "\n"); },
               Deadline{std::chrono::seconds{30}});
    port_ = std::stoi("0" + read_file(dir_ / "out"));
    EXPECT_NE(port_, 0) << read_file(dir_ / "err");
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void kill() { process_.signal(SIGKILL); }

 private:
  TempDir dir_;
  Process process_;
  int port_ = 0;
};

class GrpcTest : public testing::Test {
 protected:
  void start(const std::vector<std::string>& targets, const std::string& more = {},
             const std::vector<std::string>& green = {}) {
    ConfigText config = shop(targets, "upstream: { protocol: http2 }\n" + more);
    config.services[0].green = green;
    config.access_log = "\n  format: json\n  path: $DIR/access.log";
    teal_ = std::make_unique<Teal>(config.render("$DIR"));
  }
  std::string address() const { return to_string(teal_->listener()); }
  std::string call(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"call", address()});
    const Finished got = run(peer(arguments));
    return got.out + got.err;
  }
  double code(const std::string& name) const {
    return teal_->admin().metric("teal_grpc_calls_total", "grpc_code=\"" + name + '"');
  }
  double requests(const std::string& code, const std::string& origin = "target") const {
    return teal_->admin().metric("teal_requests_total",
                                 "code=\"" + code + "\",origin=\"" + origin + '"');
  }
  std::string log() const {
    std::string text;
    eventually([&] { return has(text = read_file(teal_->dir() / "access.log"), "\n"); });
    return text;
  }

  std::unique_ptr<Teal> teal_;
};

TEST_F(GrpcTest, CallsOfAllFourKindsWork) {
  GrpcServer server("blue-1");
  start({server.address()});
  EXPECT_EQ(call({"unary", "hello"}), "blue-1:hello\ntrailers blue-1\n");
  EXPECT_EQ(call({"out", "2000"}), "in order\n");
  EXPECT_EQ(call({"into", "200", "5000"}), "1000199\n");
  EXPECT_EQ(call({"both", "300"}), "300\n");
  EXPECT_EQ(code("OK"), 4);
  EXPECT_EQ(requests("2xx"), 4);
  EXPECT_TRUE(has(log(), "\"grpc_status\":\"OK\"")) << log();
}

TEST_F(GrpcTest, AStatusIsPassedOnAndCounted) {
  GrpcServer server("blue-1");
  start({server.address()});
  EXPECT_EQ(call({"fail", "5 no such thing: 100% \xc3\xa4"}),
            "NOT_FOUND no such thing: 100% \xc3\xa4\n");
  EXPECT_EQ(call({"fail", "13 broken"}), "INTERNAL broken\n");
  EXPECT_EQ(call({"fail_late", "14 gone"}), "first\nUNAVAILABLE gone\n");
  EXPECT_EQ(code("NOT_FOUND"), 1);
  EXPECT_EQ(code("INTERNAL"), 1);
  EXPECT_EQ(code("UNAVAILABLE"), 1);
  EXPECT_EQ(requests("4xx"), 1) << "the caller's affair";
  EXPECT_EQ(requests("5xx"), 2) << "the server's";
}

TEST_F(GrpcTest, ADeadlineEndsTheCallEverywhere) {
  GrpcServer server("blue-1");
  start({server.address()});
  const std::string got = call({"sleep", "20", "0.3"});
  EXPECT_TRUE(has(got, "DEADLINE_EXCEEDED")) << got;
  EXPECT_TRUE(has(got, "early")) << got;
  EXPECT_TRUE(eventually([&] { return teal_->admin().metric("teal_requests_active") == 0; }));
  EXPECT_EQ(code("DEADLINE_EXCEEDED"), 1);
  EXPECT_EQ(requests("5xx", "target") + requests("5xx", "teal"), 1)
      << "whoever of the three noticed first";
}

TEST_F(GrpcTest, TealKeepsTheDeadlineWhereTheTargetDoesNot) {
  Http2Target target;
  target.on_request([](const Http2Target::Send&, const SeenStream&) {});
  start({target.address()});
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post("/a.B/C", {{"content-type", "application/grpc"},
                                                 {"te", "trailers"},
                                                 {"grpc-timeout", "100m"}})));
  const auto got = client.answer(1);
  EXPECT_EQ(got.status, "200");
  EXPECT_EQ(got.field("grpc-status"), "4");
  EXPECT_EQ(got.field("content-type"), "application/grpc");
  EXPECT_EQ(got.body, "");
  EXPECT_EQ(target.await_reset(), 8U);
  EXPECT_EQ(target.seen()[0].field("grpc-timeout"), "100m");
  EXPECT_EQ(target.seen()[0].field("te"), "trailers");
  EXPECT_EQ(code("DEADLINE_EXCEEDED"), 1);
}

TEST_F(GrpcTest, ADeadlineThatIsNoneIsRefused) {
  Http2Target target;
  start({target.address()});
  std::uint32_t stream = 1;
  Http2Client client(teal_->listener());
  for (const std::string timeout : {"", "5", "1s", "123456789m", "-1S"}) {
    client.send(h2::headers(stream, h2::post("/a.B/C", {{"content-type", "application/grpc"},
                                                        {"grpc-timeout", timeout}})));
    const auto got = client.answer(stream);
    EXPECT_EQ(got.status, "200");
    EXPECT_EQ(got.field("grpc-status"), "13") << timeout;
    stream += 2;
  }
  EXPECT_TRUE(target.seen().empty());
}

TEST_F(GrpcTest, WhatTealAnswersItselfIsAStatus) {
  RefusedAddress nobody;
  ConfigText config =
      shop({to_string(nobody.address())}, "upstream: { protocol: http2 }\nretry: off\n");
  config.services[0].match = "{ listener: public, path: /here.Is }";
  teal_ = std::make_unique<Teal>(config);
  const auto unreachable = call({"any", "/here.Is/It"});
  EXPECT_TRUE(has(unreachable, "UNAVAILABLE the target could not be reached")) << unreachable;
  const auto unknown = call({"any", "/not.Here/It"});
  EXPECT_TRUE(has(unknown, "UNIMPLEMENTED no service here")) << unknown;
}

TEST_F(GrpcTest, AnAnswerThatIsNoGrpcCountsAsWhatAClientMakesOfIt) {
  Http2Target target;
  target.on_request([](const Http2Target::Send& send, const SeenStream& request) {
    if (request.field(":path") == "/a/503")
      send(Http2Target::answer(request.stream, "<h1>no</h1>", {}, "503"));
    else
      send(
          Http2Target::answer(request.stream, "no status", {{"content-type", "application/grpc"}}));
  });
  start({target.address()});
  EXPECT_TRUE(has(call({"any", "/a/503"}), "UNAVAILABLE"));
  EXPECT_EQ(code("UNAVAILABLE"), 1);
  call({"any", "/a/nothing"});
  EXPECT_EQ(code("UNKNOWN"), 1);
  EXPECT_EQ(requests("5xx"), 2);
}

TEST_F(GrpcTest, ARequestThatIsNoCallIsAnsweredAsEver) {
  RefusedAddress nobody;
  start({to_string(nobody.address())}, "retry: off\n");
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::post("/", {{"content-type", "application/grpc-web"}})));
  EXPECT_EQ(client.answer(1).status, "502");
  EXPECT_EQ(client.get(3, "/", {{"content-type", "application/grpc"}}).status, "502");
}

TEST_F(GrpcTest, AnUnavailableReleaseIsShieldedWhereTheCallMayBeSentTwice) {
  Http2Target green("green");
  GrpcServer blue("blue-1");
  green.on_request([](const Http2Target::Send& send, const SeenStream& request) {
    send(h2::headers(request.stream, {{":status", "200"},
                                      {"content-type", "application/grpc"},
                                      {"grpc-status", "14"},
                                      {"grpc-message", "starting"}}));
  });
  start({blue.address()}, {}, {green.address()});
  ASSERT_EQ(teal_->admin().split("100%").status, 200);
  EXPECT_EQ(call({"any", "/teal.test.Echo/Unary", "20", "idempotency-key=7"}), "blue-1:0\n");
  EXPECT_EQ(green.seen().size(), 1U);
  EXPECT_EQ(teal_->admin().metric("teal_shielded_requests_total"), 1);
  EXPECT_TRUE(has(call({"any", "/teal.test.Echo/Unary"}), "UNAVAILABLE starting"));
  EXPECT_EQ(requests("5xx"), 2) << "both to the release's account";
}

TEST_F(GrpcTest, ProbesAskTheHealthService) {
  GrpcServer server("blue-1");
  const auto health = [](const std::string& service) {
    return "health: { grpc: " + service + ", interval: 400ms, fast_interval: 20ms }\n";
  };
  start({server.address()}, health("true"));
  EXPECT_TRUE(teal_->admin().await_accepting(1));
  EXPECT_EQ(call({"unary", "x"}), "blue-1:x\ntrailers blue-1\n");
  start({server.address()}, health("some.Service"));
  EXPECT_TRUE(teal_->admin().await_accepting(1));
  start({server.address()}, health("ill"));
  EXPECT_TRUE(eventually([&] {
    return has(teal_->admin().service().text, "NOT_SERVING, expected SERVING");
  })) << teal_->admin().service().text;
  EXPECT_TRUE(has(call({"unary", "x"}), "UNAVAILABLE no healthy target"));
}

TEST_F(GrpcTest, FiftyShiftsLoseNoCallAndCutNoStream) {
  GrpcServer blue("blue-1"), green("green-1");
  start({blue.address()}, {}, {green.address()});
  const TempDir dir;
  Process load(peer({"call", address(), "load", "4"}), dir / "out", dir / "err");
  ASSERT_TRUE(eventually([&] { return has(read_file(dir / "out"), "started"); },
                         Deadline{std::chrono::seconds{30}}));
  const auto calls = [&] { return code("OK"); };
  for (int i = 0; i < 50; ++i) {
    const double before = calls();
    ASSERT_EQ(teal_->admin().split(i % 2 == 0 ? "100%" : i % 4 == 1 ? "0%" : "50%").status, 200);
    ASSERT_TRUE(eventually([&] { return calls() >= before + 8; }));
  }
  load.signal(SIGTERM);
  ASSERT_EQ(load.wait(Deadline{std::chrono::seconds{60}}), 0) << read_file(dir / "err");
  EXPECT_EQ(read_file(dir / "out"), "started\nfailed 0\ndone many\n");
}

}  // namespace
}  // namespace teal::e2e
