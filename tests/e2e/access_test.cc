// Who may ask: by address, with a password.
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

// "open sesame", cheap and dear (about a third of a second).
constexpr const char* kQuick = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";
constexpr const char* kSlow = "$2y$12$abcdefghijklmnopqrstuuq2uHH4t8IjTa8PV9VUUF1vssBH6WaR2";
constexpr const char* kAnna = "Authorization: Basic YW5uYTpvcGVuIHNlc2FtZQ==\r\n";
constexpr const char* kBob = "Authorization: Basic Ym9iOm9wZW4gc2VzYW1l\r\n";
constexpr const char* kWrong = "Authorization: Basic YW5uYTp3cm9uZw==\r\n";

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  ::chmod(path.c_str(), 0600);
}

double refused(Teal& teal, const std::string& reason) {
  return teal.admin().metric("teal_access_refused_total", "reason=\"" + reason + '"');
}

// ---- addresses ----------------------------------------------------------------------------------

TEST(Addresses, OfAListenerThatAreDeniedAreClosedAtOnce) {
  Target target;
  ConfigText config = shop({target.address()});
  config.listeners =
      "public: { address: '127.0.0.1:0' }\n"
      "closed: { address: '127.0.0.1:0', deny: [ 127.0.0.0/8 ] }\n"
      "others: { address: '127.0.0.1:0', allow: [ 10.0.0.0/8, '::1' ] }\n"
      "ours: { address: '127.0.0.1:0', allow: [ 127.0.0.1 ], deny: [ 127.0.0.2 ] }";
  config.services[0].match =
      "[ { listener: public }, { listener: closed }, { listener: others }, { listener: ours } ]";
  Teal teal(config);
  for (const char* name : {"closed", "others"}) {
    HttpClient client(teal.listener(name));
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_NE(client.await_end(), Arrival::bytes) << name;
    EXPECT_EQ(teal.admin().metric("teal_downstream_connections_denied_total",
                                  "listener=\"" + std::string(name) + '"'),
              1);
  }
  HttpClient client(teal.listener("ours"));
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(target.requests(), 1U);
}

TEST(Addresses, OfAListenerAreThoseThatAProxyHeaderNames) {
  Target target;
  ConfigText config = shop({target.address()});
  config.listeners =
      "public:\n  address: '127.0.0.1:0'\n  proxy_protocol: { from: [ 127.0.0.0/8 ] }\n"
      "  allow: [ 192.0.2.0/24 ]\n";
  Teal teal(config);
  const auto status = [&](const std::string& header) {
    HttpClient client(teal.listener());
    return client.exchange(header + "GET / HTTP/1.1\r\nHost: h\r\n\r\n").status;
  };
  EXPECT_EQ(status("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n"), 200);
  EXPECT_EQ(status("PROXY TCP4 198.51.100.9 198.51.100.1 1 2\r\n"), 0);
  EXPECT_EQ(status("PROXY UNKNOWN\r\n"), 0) << "the balancer itself is none of them";
  EXPECT_EQ(teal.admin().metric("teal_downstream_connections_denied_total"), 2);
}

TEST(Addresses, OfARouteAreAnswered403WithTheServicesPageAndALine) {
  TempDir files;
  write(files / "403.html", "<h1>no</h1>");
  Target target;
  ConfigText config =
      shop({target.address()}, "error_pages: { status: 403, file: " + (files / "403.html") +
                                   " }\n"
                                   "routes:\n"
                                   "  admin: { match: { listener: public, path: /admin },\n"
                                   "           allow: [ 192.0.2.0/24, '2001:db8::/32' ],\n"
                                   "           deny: [ 192.0.2.66 ] }\n");
  config.listeners = "public: { address: '127.0.0.1:0', trusted_proxies: [ 127.0.0.0/8 ] }";
  config.access_log = "{ format: json, path: stdout }";
  Teal teal(config);
  HttpClient client(teal.listener());
  const auto from = [&](const std::string& address) {
    return client.get("/admin/x", "X-Forwarded-For: " + address + "\r\n");
  };
  EXPECT_EQ(from("192.0.2.1").status, 200);
  EXPECT_EQ(from("2001:db8::7").status, 200);
  EXPECT_EQ(from("::ffff:192.0.2.1").status, 200);
  EXPECT_EQ(from("192.0.2.66").status, 403) << "deny wins";
  EXPECT_EQ(from("192.0.2.1, 198.51.100.1").status, 403) << "whom the trusted peer names counts";
  const Response page = client.get("/admin/x");
  EXPECT_EQ(page.status, 403) << "the proxy itself";
  EXPECT_EQ(page.body, "<h1>no</h1>");
  EXPECT_EQ(client.get("/").status, 200) << "the connection is kept, other routes are open";
  EXPECT_EQ(refused(teal, "address"), 3);
  ASSERT_TRUE(teal.stop());
  EXPECT_NE(teal.log().find(R"("termination":"denied")"), std::string::npos);
}

TEST(Addresses, AreNotBelievedOfPeersWhoAreNotTrusted) {
  Target target;
  Teal teal(shop({target.address()}, "allow: [ 192.0.2.0/24 ]\n"));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/", "X-Forwarded-For: 192.0.2.1\r\n").status, 403);
  EXPECT_EQ(target.requests(), 0U);
}

TEST(Addresses, OfClientsOfAUnixSocketAreNone) {
  Target target;
  ConfigText config = shop({target.address()},
                           "routes:\n"
                           "  a: { match: { listener: public, path: /a }, allow: [ 0.0.0.0/0 ] }\n"
                           "  b: { match: { listener: public, path: /b }, allow: [ unix ] }\n"
                           "  c: { match: { listener: public, path: /c }, deny: [ unix ] }\n");
  TempDir dir;
  config.listeners = "public: { address: 'unix:" + (dir / "t.sock") + "' }";
  Teal teal(config);
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/a").status, 403);
  EXPECT_EQ(client.get("/b").status, 200);
  EXPECT_EQ(client.get("/c").status, 403);
}

// ---- passwords ----------------------------------------------------------------------------------

class BasicAuthTest : public testing::Test {
 protected:
  void start(const std::string& users, const std::string& more = {},
             const std::string& more_auth = {}) {
    write(files_ / "users", users);
    ConfigText config =
        shop({target_.address()}, "basic_auth: { file: " + (files_ / "users") +
                                      ", realm: \"Back office\"" + more_auth + " }\n" + more);
    config.access_log = "{ format: json, path: stdout }";
    teal_ = std::make_unique<Teal>(config);
    client_ = std::make_unique<HttpClient>(teal_->listener());
  }

  TempDir files_;
  Target target_;
  std::unique_ptr<Teal> teal_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(BasicAuthTest, LetsInWhoKnowsAPasswordOfTheFile) {
  start("anna:" + std::string(kQuick) + "\n");
  const Response asked = client_->get("/");
  EXPECT_EQ(asked.status, 401);
  EXPECT_EQ(asked.headers.get("www-authenticate"),
            "Basic realm=\"Back office\", charset=\"UTF-8\"");
  EXPECT_EQ(client_->get("/", kWrong).status, 401);
  EXPECT_EQ(client_->get("/", kBob).status, 401) << "nobody of that name";
  EXPECT_EQ(client_->get("/", std::string(kAnna) + kBob).status, 401) << "two of them are none";
  EXPECT_EQ(client_->get("/", "Authorization: Bearer x\r\n").status, 401);
  EXPECT_EQ(target_.requests(), 0U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client_->get("/", kAnna).status, 200);
  EXPECT_EQ(target_.last().headers.get("authorization"), "Basic YW5uYTpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(refused(*teal_, "no_password"), 2) << "none, and two";
  EXPECT_EQ(refused(*teal_, "wrong_password"), 3);
  EXPECT_EQ(teal_->admin().metric("teal_password_checks_total", "by=\"hash\""), 3);
  EXPECT_EQ(teal_->admin().metric("teal_password_checks_total", "by=\"cache\""), 2);
  EXPECT_EQ(teal_->admin().metric("teal_requests_total", "4xx"), 0) << "they count for no group";
  client_.reset();
  ASSERT_TRUE(teal_->stop());
  EXPECT_NE(teal_->log().find(R"("termination":"unauthorized")"), std::string::npos);
  EXPECT_EQ(teal_->log().find("sesame"), std::string::npos);
}

TEST_F(BasicAuthTest, KeepsThePasswordFromTheTargetWhereItIsToldTo) {
  start("anna:" + std::string(kQuick) + "\n",
        "routes:\n  open: { match: { listener: public, path: /open }, basic_auth: off }\n",
        ", forward: false");
  EXPECT_EQ(client_->get("/", kAnna).status, 200);
  EXPECT_FALSE(target_.last().headers.has("authorization"));
  EXPECT_EQ(client_->get("/open", kAnna).status, 200);
  EXPECT_TRUE(target_.last().headers.has("authorization"));
}

TEST_F(BasicAuthTest, AnswersBodiesPipelinesAndHeadsInTheirOrder) {
  start("anna:" + std::string(kQuick) + "\n");
  client_->send("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n" + std::string(kAnna) +
                "\r\nhello" + request("GET", "/2", kAnna) + request("GET", "/3"));
  EXPECT_EQ(client_->read().status, 200);
  EXPECT_EQ(client_->read().status, 200);
  EXPECT_EQ(client_->read().status, 401);
  ASSERT_EQ(target_.seen().size(), 2U);
  EXPECT_EQ(target_.seen()[0].body, "hello");
  EXPECT_EQ(target_.seen()[1].path, "/2");
  const Response head = client_->exchange("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", true);
  EXPECT_EQ(head.status, 401);
  EXPECT_TRUE(head.headers.has("www-authenticate"));
  EXPECT_EQ(client_->get("/4", kAnna).status, 200) << "the connection is kept";
}

TEST_F(BasicAuthTest, GuardsFixedResponsesAndNotRedirects) {
  start("anna:" + std::string(kQuick) + "\n",
        "routes:\n"
        "  fixed: { match: { listener: public, path: /fixed }, respond: { body: secret } }\n"
        "  moved: { match: { listener: public, path: /moved }, redirect: { scheme: https } }\n");
  EXPECT_EQ(client_->get("/fixed").status, 401);
  EXPECT_EQ(client_->get("/fixed", kAnna).body, "secret");
  EXPECT_EQ(client_->get("/moved").status, 302) << "nobody is asked for a password in the clear";
}

TEST_F(BasicAuthTest, BlocksNobodyElseWhileAPasswordIsChecked) {
  start("anna:" + std::string(kSlow) + "\n",
        "routes:\n  open: { match: { listener: public, path: /open }, basic_auth: off }\n");
  HttpClient waiting(teal_->listener());
  waiting.send(request("GET", "/", kAnna));
  // Whatever takes so long is under way now; both workers go on.
  for (int i = 0; i < 5; ++i) {
    HttpClient other(teal_->listener());
    EXPECT_EQ(other.get("/open").status, 200);
  }
  EXPECT_EQ(target_.requests(), 5U) << "the first one still waits";
  EXPECT_EQ(waiting.read().status, 200);
}

TEST_F(BasicAuthTest, ForgetsAClientThatHasGoneWhileItWaited) {
  start("anna:" + std::string(kSlow) + "\n");
  {
    HttpClient gone(teal_->listener());
    gone.send(request("GET", "/", kAnna));
    EXPECT_TRUE(eventually(
        [&] { return teal_->admin().metric("teal_password_checks_total", "by=\"hash\"") == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return teal_->admin().metric("teal_client_aborts_total") == 1; }));
  EXPECT_EQ(client_->get("/", kAnna).status, 200);
  EXPECT_EQ(target_.requests(), 1U);
}

TEST_F(BasicAuthTest, ServesOrRefusesEveryRequestOfACrowd) {
  start("anna:" + std::string(kQuick) + "\n");
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<HttpClient>(teal_->listener()));
    clients.back()->send(request("GET", "/", i % 2 == 0 ? kAnna : kWrong));
  }
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(clients[static_cast<std::size_t>(i)]->read().status, i % 2 == 0 ? 200 : 401);
}

TEST_F(BasicAuthTest, AsksStreamsOfHttp2) {
  start("anna:" + std::string(kQuick) + "\n");
  Http2Client client(teal_->listener());
  client.send(h2::headers(1, h2::get("/")));
  const Http2Client::Answer asked = client.answer(1);
  EXPECT_EQ(asked.status, "401");
  EXPECT_EQ(asked.field("www-authenticate"), "Basic realm=\"Back office\", charset=\"UTF-8\"");
  client.send(h2::headers(3, h2::get("/", {{"authorization", "Basic YW5uYTpvcGVuIHNlc2FtZQ=="}})));
  EXPECT_EQ(client.answer(3).status, "200");
}

TEST_F(BasicAuthTest, TakesANewFileAndKeepsTheOldOneWhereThatIsBroken) {
  start("anna:" + std::string(kQuick) + "\n");
  EXPECT_EQ(client_->get("/", kAnna).status, 200);
  write(files_ / "users", "bob:" + std::string(kQuick) + "\n");
  EXPECT_TRUE(eventually([&] { return client_->get("/", kBob).status == 200; }));
  EXPECT_EQ(client_->get("/", kAnna).status, 401) << "what was known of the old file is not";
  write(files_ / "users", "anna:$apr1$a$b\n");
  EXPECT_TRUE(eventually(
      [&] { return teal_->admin().metric("teal_password_file_reloads_total", "refused") == 1; }));
  EXPECT_EQ(client_->get("/", kBob).status, 200);
}

TEST(BasicAuthFile, ThatIsBadKeepsTealFromStartingAndSaysWhere) {
  TempDir dir;
  write(dir / "users", "anna:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=\n");
  const ConfigText config =
      shop({"127.0.0.1:1"}, "basic_auth: { file: " + (dir / "users") + " }\n");
  const Finished refused = serve_refused(config.render(dir.path()), dir);
  EXPECT_NE(refused.code, 0);
  EXPECT_NE(refused.err.find("services.shop.basic_auth.file"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("SHA-1"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("htpasswd -B"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace teal::e2e
