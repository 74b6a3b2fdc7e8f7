// The PROXY protocol: what balancers before Teal say of a client, and what Teal says of it to
// targets, which are a program of another kind (tests/support/proxy_origin.py).
#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_peer.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"
#include "tests/support/proxy_protocol_vectors.h"

#include <gtest/gtest.h>

namespace teal::e2e {
namespace {

using net::testing::proxy_block;
using net::testing::tcp4_block;
using net::testing::tcp6_block;

constexpr const char* kFromHere = "  proxy_protocol: { from: [ 127.0.0.0/8 ] }\n";
const std::string kGet = "GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class ProxyProtocolTest : public testing::Test {
 protected:
  void start(const std::string& more_listener = kFromHere, const std::string& more_service = {}) {
    ConfigText config = shop({target_.address()}, more_service);
    config.listeners = "public:\n  address: '127.0.0.1:0'\n" + more_listener;
    config.access_log = "\n  format: json\n  path: $DIR/access.log";
    teal_ = std::make_unique<Teal>(config.render("$DIR"));
  }
  std::string port() const { return std::to_string(teal_->listener().port); }
  /// The Forwarded that the target sees of a request behind these bytes.
  std::string forwarded_after(const std::string& header) {
    HttpClient client(teal_->listener());
    if (client.exchange(header + kGet).status != 200) return "refused";
    return target_.last().headers.get("forwarded");
  }
  bool counts(const std::string& metric, const std::string& labels, double value) {
    return eventually([&] { return teal_->admin().metric(metric, labels) == value; });
  }
  bool counts_fault(const std::string& reason) {
    return counts("teal_proxy_protocol_refused_total", "reason=\"" + reason + '"', 1);
  }
  /// How a connection ends that sends this and nothing more.
  Arrival end_after(const std::string& bytes) {
    HttpClient client(teal_->listener());
    client.send(bytes);
    return client.await_end();
  }

  Target target_;
  std::unique_ptr<Teal> teal_;
};

// ---- in -----------------------------------------------------------------------------------------

TEST_F(ProxyProtocolTest, TheClientIsWhomTheHeaderNames) {
  start();
  EXPECT_EQ(forwarded_after("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n"),
            "for=192.0.2.1;host=shop.example.com;proto=http");
  const Headers headers = target_.last().headers;
  EXPECT_EQ(headers.get("x-forwarded-for"), "192.0.2.1");
  EXPECT_EQ(headers.get("x-real-ip"), "192.0.2.1");
  EXPECT_TRUE(eventually(
      [&] { return has(read_file(teal_->dir() / "access.log"), "\"client\":\"192.0.2.1\""); }));
  EXPECT_TRUE(has(forwarded_after("PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n"),
                  "for=\"[2001:db8::1]\""));
  EXPECT_TRUE(has(forwarded_after(proxy_block(1, 0x11, tcp4_block())), "for=192.0.2.1;"));
  EXPECT_TRUE(has(forwarded_after(proxy_block(1, 0x21, tcp6_block())), "for=\"[2001:db8::1]\""));
  EXPECT_EQ(teal_->admin().metric("teal_proxy_protocol_headers_total"), 4);
}

TEST_F(ProxyProtocolTest, AHeaderThatNamesNobodyLeavesTheSocketsPeer) {
  start();
  for (const std::string& header : {std::string("PROXY UNKNOWN\r\n"), proxy_block(0, 0, {}),
                                    proxy_block(1, 0, {}), proxy_block(0, 0x31, "xyz")})
    EXPECT_TRUE(has(forwarded_after(header), "for=127.0.0.1;"));
}

TEST_F(ProxyProtocolTest, WorksWithCurlBeforeHttp1Http2AndTls) {
  const TempDir dir;
  const Certificates files(dir.path());
  files.make("shop", "DNS:shop.example.com");
  ConfigText config = shop({target_.address()});
  config.services[0].match = "[ { listener: public }, { listener: secure } ]";
  config.listeners = std::string("public:\n  address: '127.0.0.1:0'\n") + kFromHere +
                     "secure:\n  address: '127.0.0.1:0'\n" + kFromHere +
                     "  tls: { certificates: [ " + files.entry("shop") + " ] }\n";
  teal_ = std::make_unique<Teal>(config);
  const auto curl = [&](std::vector<std::string> more, const std::string& url) {
    std::vector<std::string> all{"curl", "-sS", "-i", "-m", "20", "--haproxy-protocol"};
    all.insert(all.end(), more.begin(), more.end());
    all.push_back(url);
    return run(all);
  };
  const std::string plain = "http://127.0.0.1:" + port() + "/";
  EXPECT_TRUE(has(curl({}, plain).out, "HTTP/1.1 200"));
  EXPECT_TRUE(has(curl({"--http2-prior-knowledge"}, plain).out, "HTTP/2 200"));
  const std::string secure = std::to_string(teal_->listener("secure").port);
  for (const std::string version : {"--http1.1", "--http2"}) {
    const Finished got = curl({version, "--cacert", files / "ca.crt", "--connect-to",
                               "shop.example.com:443:127.0.0.1:" + secure},
                              "https://shop.example.com/");
    EXPECT_TRUE(has(got.out, version == "--http2" ? "HTTP/2 200" : "HTTP/1.1 200")) << got.err;
    EXPECT_EQ(target_.last().headers.get("x-forwarded-proto"), "https");
  }
  EXPECT_EQ(teal_->admin().metric("teal_proxy_protocol_headers_total"), 4);
}

TEST_F(ProxyProtocolTest, AHeaderMayComeByteByByte) {
  start();
  for (const std::string& header : {std::string("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n"),
                                    proxy_block(1, 0x11, tcp4_block())}) {
    HttpClient client(teal_->listener());
    client.wire().send_at_once();
    for (const char byte : header) ASSERT_TRUE(client.send(std::string(1, byte)));
    EXPECT_EQ(client.exchange(kGet).status, 200);
    EXPECT_EQ(target_.last().headers.get("x-forwarded-for"), "192.0.2.1");
    EXPECT_EQ(client.get("/").status, 200);  // One header is for the whole connection.
  }
}

TEST_F(ProxyProtocolTest, WhatIsNoHeaderClosesTheConnectionAndIsCounted) {
  start();
  EXPECT_NE(end_after(kGet), Arrival::timeout);
  EXPECT_TRUE(counts_fault("missing"));
  EXPECT_NE(end_after("PROXY TCP4 192.0.2.1 192.0.2.2 1000 080\r\n" + kGet), Arrival::timeout);
  EXPECT_TRUE(counts_fault("address_malformed"));
  EXPECT_NE(end_after(proxy_block(1, 0x31, std::string(216, 'x'))), Arrival::timeout);
  EXPECT_TRUE(counts_fault("family_unsupported"));
  EXPECT_NE(end_after(proxy_block(1, 0x11, std::string(5000, 'x'))), Arrival::timeout);
  EXPECT_TRUE(counts_fault("block_too_long"));
  EXPECT_EQ(target_.requests(), 0U);
  EXPECT_TRUE(counts("teal_downstream_connections_active", {}, 0));
}

TEST_F(ProxyProtocolTest, AHeaderThatDoesNotComeInTimeClosesTheConnection) {
  start(std::string(kFromHere) + "  timeouts: { proxy_header: 100ms }\n");
  EXPECT_EQ(end_after(""), Arrival::closed);
  EXPECT_NE(end_after("PROXY TCP4 192.0.2.1 "), Arrival::timeout);
  EXPECT_TRUE(counts("teal_timeouts_total", "phase=\"proxy_header\"", 2));
}

TEST_F(ProxyProtocolTest, AClientThatLeavesInItsHeaderIsNoFault) {
  start();
  {
    Wire wire = Wire::connect(teal_->listener());
    wire.send("PROXY TCP4 ");
  }
  EXPECT_TRUE(counts("teal_downstream_connections_total", {}, 1));
  EXPECT_TRUE(counts("teal_downstream_connections_active", {}, 0));
  EXPECT_EQ(teal_->admin().metric("teal_proxy_protocol_refused_total"), 0);
}

TEST_F(ProxyProtocolTest, NobodyElseCanSayWhoTheyAre) {
  start("  proxy_protocol: { from: [ 192.0.2.0/24 ] }\n");
  HttpClient client(teal_->listener());
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(target_.last().headers.get("x-forwarded-for"), "127.0.0.1");
  HttpClient liar(teal_->listener());
  EXPECT_EQ(liar.exchange("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n" + kGet).status, 400);
  EXPECT_EQ(teal_->admin().metric("teal_proxy_protocol_headers_total"), 0);
}

TEST_F(ProxyProtocolTest, TrustedProxiesAreThoseThatTheHeaderNames) {
  start(std::string(kFromHere) + "  trusted_proxies: [ 192.0.2.0/24 ]\n");
  HttpClient client(teal_->listener());
  const std::string get =
      "GET / HTTP/1.1\r\nHost: shop.example.com\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n";
  EXPECT_EQ(client.exchange("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n" + get).status, 200);
  EXPECT_EQ(target_.last().headers.get("x-forwarded-for"), "203.0.113.9, 192.0.2.1");
  HttpClient stranger(teal_->listener());
  EXPECT_EQ(stranger.exchange("PROXY TCP4 198.51.100.1 192.0.2.2 1000 80\r\n" + get).status, 200);
  EXPECT_EQ(target_.last().headers.get("x-forwarded-for"), "198.51.100.1");
}

TEST_F(ProxyProtocolTest, AUnixSocketNeedsNoAddresses) {
  ConfigText config = shop({target_.address()});
  config.listeners = "public: { address: 'unix:$DIR/front', proxy_protocol: true }";
  teal_ = std::make_unique<Teal>(config.render("$DIR"));
  EXPECT_TRUE(has(forwarded_after("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n"), "for=192.0.2.1"));
  EXPECT_TRUE(has(forwarded_after("PROXY UNKNOWN\r\n"), "for=unknown"));
}

// ---- out ----------------------------------------------------------------------------------------

class ProxyProtocolToTargetsTest : public testing::TestWithParam<std::string> {
 protected:
  void start(const std::string& more_service = {}, const std::string& more_listener = {}) {
    ConfigText config = shop({origin_->address()}, "upstream: { proxy_protocol: " + GetParam() +
                                                       " }\n" + fast_health() + more_service);
    config.workers = 1;
    config.listeners = "public:\n  address: '127.0.0.1:0'\n" + more_listener;
    teal_ = std::make_unique<Teal>(config);
    ASSERT_TRUE(teal_->admin().await_accepting(1)) << origin_->errors();
  }
  std::string front() const { return "127.0.0.1:" + std::to_string(teal_->listener().port); }

  std::unique_ptr<PythonPeer> origin_ =
      std::make_unique<PythonPeer>(std::vector<std::string>{"proxy_origin.py", GetParam()});
  std::unique_ptr<Teal> teal_;
};

TEST_P(ProxyProtocolToTargetsTest, ATargetIsToldOfEachClientAndKeepsItsConnection) {
  start({}, kFromHere);
  HttpClient one(teal_->listener());
  HttpClient two(teal_->listener());
  one.send("PROXY TCP4 192.0.2.1 192.0.2.9 1001 80\r\n");
  two.send("PROXY TCP6 2001:db8::1 2001:db8::9 1002 443\r\n");
  const std::string first = one.get("/a").body;
  EXPECT_TRUE(first.starts_with("192.0.2.1:1001 192.0.2.9:80 connection=")) << first;
  const std::string second = two.get("/b").body;
  EXPECT_TRUE(second.starts_with("2001:db8::1:1002 2001:db8::9:443 connection=")) << second;
  // Each goes on with its own connection, and nobody with another's.
  EXPECT_TRUE(has(one.get("/c").body, "192.0.2.1:1001 ") && has(one.get("/d").body, "request=3"));
  EXPECT_TRUE(has(two.get("/c").body, "2001:db8::1:1002 "));
  EXPECT_EQ(origin_->errors(), "");
}

TEST_P(ProxyProtocolToTargetsTest, ATargetIsToldOfTheSocketsEnds) {
  start();
  HttpClient client(teal_->listener());
  const std::string said = client.get("/").body;
  EXPECT_TRUE(said.starts_with("127.0.0.1:")) << said;
  EXPECT_TRUE(has(said, ' ' + front() + " connection=")) << said;
}

TEST_P(ProxyProtocolToTargetsTest, AnHttp2ClientsRequestsShareItsConnections) {
  start();
  Http2Client client(teal_->listener());
  const std::string first = client.get(1).body;
  const std::string second = client.get(3).body;
  EXPECT_EQ(first.substr(0, first.find(" request=")), second.substr(0, second.find(" request=")));
  EXPECT_TRUE(has(second, "request=2")) << second;
}

TEST_P(ProxyProtocolToTargetsTest, ProbesNameNoClient) {
  start();
  HttpClient client(teal_->listener());
  EXPECT_GE(std::stoi(client.get("/locals").body), 1);
  EXPECT_EQ(origin_->errors(), "");
}

TEST_P(ProxyProtocolToTargetsTest, TheHeaderComesBeforeTls) {
  const TempDir dir;
  const Certificates files(dir.path());
  files.make("shop", "IP:127.0.0.1");
  origin_ = std::make_unique<PythonPeer>(std::vector<std::string>{
      "proxy_origin.py", GetParam(), files / "shop.crt", files / "shop.key"});
  start("tls: { ca: \"" + (files / "ca.crt") + "\" }\n");
  HttpClient client(teal_->listener());
  const std::string said = client.get("/").body;
  EXPECT_TRUE(has(said, ' ' + front() + " connection=")) << said << origin_->errors();
}

INSTANTIATE_TEST_SUITE_P(Versions, ProxyProtocolToTargetsTest, testing::Values("v1", "v2"));

}  // namespace
}  // namespace teal::e2e
