// TLS to targets: the target is another Teal that serves TLS and has the scripted target behind it.
#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

#include <gtest/gtest.h>

namespace teal::e2e {
namespace {

class TlsTargetsTest : public testing::Test {
 protected:
  TlsTargetsTest() {
    files_.make("shop", "DNS:shop.example.com,IP:127.0.0.1");
    files_.make("client", "DNS:alice");
  }

  static ConfigText behind_tls(const std::string& address, const std::string& tls) {
    ConfigText config = shop({address});
    config.listeners = "public: { address: '127.0.0.1:0', tls: { " + tls + " } }\n";
    return config;
  }
  /// The target of TLS, with further keys of its listener's `tls`.
  void start_far(const std::string& more = {}) {
    far_ = std::make_unique<Teal>(
        behind_tls(target_.address(), "certificates: [ " + files_.entry("shop") + " ]" + more));
  }
  /// The Teal under test, with this `tls` of its service.
  void start_near(const std::string& tls) {
    near_ = std::make_unique<Teal>(shop({to_string(far_->listener())}, "tls: " + tls + "\n"));
  }
  std::string ca() const { return "ca: \"" + files_ / "ca.crt" + '"'; }

  int status() const { return HttpClient(near_->listener()).get("/").status; }
  bool refuses_the_certificate() const {
    return near_->admin().metric("teal_upstream_tls_failures_total",
                                 "reason=\"certificate_refused\"") >= 1;
  }
  static std::string large_body() {
    std::string body;
    for (int i = 0; body.size() < 8'000'000; ++i) body += std::to_string(i);
    return body;
  }

  TempDir dir_;
  TempDir strange_dir_;
  Certificates files_{dir_.path()};
  Target target_;
  std::unique_ptr<Teal> far_, near_;
};

TEST_F(TlsTargetsTest, AGoodNameIsServed) {
  start_far();
  start_near("{ " + ca() + ", server_name: shop.example.com }");
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(target_.last().headers.get("x-forwarded-proto"), "https");
  EXPECT_EQ(far_->admin().metric("teal_tls_handshakes_total"), 1);
}

TEST_F(TlsTargetsTest, WithoutANameTheAddressHasToBeInTheCertificate) {
  start_far();
  start_near("{ " + ca() + " }");
  EXPECT_EQ(status(), 200);
  near_.reset();
  files_.make("shop", "DNS:shop.example.com");
  start_far();
  start_near("{ " + ca() + " }");
  EXPECT_EQ(status(), 502);
  EXPECT_TRUE(refuses_the_certificate());
}

TEST_F(TlsTargetsTest, AWrongNameIsRefused) {
  start_far();
  start_near("{ " + ca() + ", server_name: other.example.com }");
  EXPECT_EQ(status(), 502);
  EXPECT_TRUE(refuses_the_certificate());
  EXPECT_EQ(target_.requests(), 0U);
}

TEST_F(TlsTargetsTest, AnAuthorityThatNobodyTrustsIsRefusedUnlessNobodyLooks) {
  const Certificates strange(strange_dir_.path());
  start_far();
  for (const std::string& trusted : {"ca: \"" + strange / "ca.crt" + "\", ", std::string()}) {
    start_near("{ " + trusted + "server_name: shop.example.com }");
    EXPECT_EQ(status(), 502) << trusted;
    EXPECT_TRUE(refuses_the_certificate()) << trusted;
    EXPECT_EQ(target_.requests(), 0U);
  }
  start_near("{ verify: false }");
  EXPECT_EQ(status(), 200);
}

TEST_F(TlsTargetsTest, ATargetThatAsksForACertificateGetsOurs) {
  start_far(", client_auth: required, client_ca: \"" + files_ / "ca.crt" + '"');
  start_near("{ " + ca() + ", server_name: shop.example.com }");
  EXPECT_EQ(status(), 502);
  EXPECT_EQ(target_.requests(), 0U);
  start_near("{ " + ca() + ", server_name: shop.example.com, certificate: \"" +
             files_ / "client.crt" + "\", key: \"" + files_ / "client.key" + "\" }");
  EXPECT_EQ(status(), 200);
  EXPECT_NE(target_.last().headers.get("x-forwarded-client-cert").find("DNS=alice"),
            std::string::npos);
}

TEST_F(TlsTargetsTest, LargeBodiesPassBothWaysToAClientWithASmallWindow) {
  target_.on_request([](TargetConnection& connection, const SeenRequest& request) {
    connection.send(response(200, request.body));
  });
  start_far();
  start_near("{ " + ca() + ", server_name: shop.example.com }");
  const std::string body = large_body();
  HttpClient client(near_->listener(), 4096);
  const Response echoed = client.post("/", body);
  EXPECT_EQ(echoed.status, 200);
  EXPECT_TRUE(echoed.body == body) << echoed.body.size();
  EXPECT_EQ(client.get("/again").status, 200);
}

TEST_F(TlsTargetsTest, LargeBodiesPassBothWaysToASlowClientOfTls) {
  target_.on_request([](TargetConnection& connection, const SeenRequest& request) {
    connection.send(response(200, request.body));
  });
  start_far();
  ConfigText config =
      behind_tls(to_string(far_->listener()), "certificates: [ " + files_.entry("shop") + " ]");
  config.services[0].more = "tls: { " + ca() + " }\n";
  near_ = std::make_unique<Teal>(config);
  const std::string body = large_body();
  write_file(dir_ / "body", body);
  const Finished echoed =
      run({"curl", "-sS", "-m", "60", "--cacert", files_ / "ca.crt", "--limit-rate", "8M", "-H",
           "Expect:", "--data-binary", "@" + (dir_ / "body"), "-o", dir_ / "answer",
           "https://127.0.0.1:" + std::to_string(near_->listener().port) + "/"});
  ASSERT_EQ(echoed.code, 0) << echoed.err;
  EXPECT_TRUE(read_file(dir_ / "answer") == body);
}

TEST_F(TlsTargetsTest, TheAdminAddressSpeaksTlsToWhomItKnows) {
  const std::string config =
      "admin: { address: \"unix:" + dir_ / "admin.sock" +
      "\", tls: { certificates: " + files_.entry("shop") +
      ", client_auth: required, client_ca: \"" + files_ / "ca.crt" +
      "\" } }\nstate: \"sqlite:" + dir_ / "teal.db" + "\"\n" +
      "listeners: { public: { address: '127.0.0.1:0' } }\n"
      "services: { shop: { match: { listener: public }, blue: { revision: v1, targets: [ '" +
      target_.address() + "' ] } } }\n";
  write_file(dir_ / "teal.yaml", config);
  Process process({teal_binary(), "serve", dir_ / "teal.yaml"}, dir_ / "stdout", dir_ / "stderr");
  const auto curl = [this](std::vector<std::string> more, const std::string& scheme) {
    std::vector<std::string> all{"curl",
                                 "-sS",
                                 "-i",
                                 "-m",
                                 "20",
                                 "--cacert",
                                 files_ / "ca.crt",
                                 "--unix-socket",
                                 dir_ / "admin.sock"};
    all.insert(all.end(), more.begin(), more.end());
    all.push_back(scheme + "://127.0.0.1/v1/services");
    return run(all).out;
  };
  const std::vector<std::string> known{"--cert", files_ / "client.crt", "--key",
                                       files_ / "client.key"};
  EXPECT_TRUE(eventually([&] {
    return curl(known, "https").find("HTTP/1.1 200 ") != std::string::npos;
  })) << read_file(dir_ / "stderr");
  EXPECT_NE(curl(known, "https").find("\"shop\""), std::string::npos);
  EXPECT_EQ(curl({}, "https").find("HTTP/1.1 200 "), std::string::npos);
  EXPECT_EQ(curl({}, "http").find("HTTP/1.1 200 "), std::string::npos);
  process.signal(15);
  EXPECT_EQ(process.wait(), 0);
}

}  // namespace
}  // namespace teal::e2e
