// TLS with real clients: curl and openssl s_client.
#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

#include <gtest/gtest.h>

namespace teal::e2e {
namespace {

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    files_.make("wild", "DNS:*.example.com");
    files_.make("shop", "DNS:shop.example.com");
    files_.make("private", "DNS:private.example.com");
    files_.make("client", "DNS:alice,URI:spiffe://test/alice");
  }

  void start(const std::string& more = {}) {
    const std::string ca = files_ / "ca.crt";
    ConfigText config = shop({target_.address()});
    config.services[0].match = "[ { listener: public }, { listener: other } ]";
    config.listeners =
        "public:\n  address: '127.0.0.1:0'\n  hsts: true\n"
        "  timeouts: { tls_handshake: 200ms }\n" +
        more + "  tls:\n    certificates:\n      - " + files_.entry("wild") + "\n      - " +
        files_.entry("shop") + "\n      - " +
        files_.entry("private", ", client_auth: required, client_ca: \"" + ca + '"') +
        "\nother:\n  address: '127.0.0.1:0'\n  tls: { client_auth: optional, client_ca: \"" + ca +
        "\", certificates: " + files_.entry("shop") +
        " }\nplain: { address: '127.0.0.1:0', redirect_https: { port: 8443 } }\n";
    teal_ = std::make_unique<Teal>(config);
  }

  std::string port(const std::string& listener = "public") const {
    return std::to_string(teal_->listener(listener).port);
  }
  /// What curl says of a request to `host`.
  Finished curl(const std::string& host, std::vector<std::string> more = {},
                const std::string& listener = "public", const std::string& path = "/") const {
    std::vector<std::string> all{
        "curl", "-sS",      "--http1.1",       "-i",           "-m",
        "20",   "--cacert", files_ / "ca.crt", "--connect-to", "::127.0.0.1:" + port(listener)};
    all.insert(all.end(), more.begin(), more.end());
    all.push_back("https://" + host + path);
    return run(all);
  }
  Finished s_client(const std::vector<std::string>& more, const std::string& listener = "public",
                    const std::string& input = "Q\n") const {
    std::vector<std::string> all{"openssl", "s_client", "-connect", "127.0.0.1:" + port(listener)};
    all.insert(all.end(), more.begin(), more.end());
    return run(all, input);
  }
  std::vector<std::string> client_certificate() const {
    return {"--cert", files_ / "client.crt", "--key", files_ / "client.key"};
  }
  /// The client may see the end of its connection before the worker has counted it.
  bool counts(const std::string& metric, const std::string& labels, double value) const {
    return eventually([&] { return teal_->admin().metric(metric, labels) == value; });
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  TempDir dir_;
  Certificates files_{dir_.path()};
  Target target_;
  std::unique_ptr<Teal> teal_;
};

TEST_F(TlsTest, ServesByTheNameThatIsAskedFor) {
  start();
  for (const auto& [name, subject] :
       {std::pair<std::string, std::string>{"shop.example.com", "shop"},
        {"other.example.com", "wild"},
        {"elsewhere.org", "wild"}}) {
    const Finished seen = s_client({"-servername", name});
    EXPECT_TRUE(has(seen.out, "subject=CN = " + subject)) << seen.out;
  }
  const Finished served = curl("shop.example.com");
  EXPECT_TRUE(has(served.out, "HTTP/1.1 200 ")) << served.out << served.err;
  EXPECT_TRUE(has(served.out, "strict-transport-security: max-age=31536000")) << served.out;
  ASSERT_EQ(target_.requests(), 1U);
  const Headers headers = target_.last().headers;
  EXPECT_EQ(headers.get("x-forwarded-proto"), "https");
  EXPECT_TRUE(has(headers.get("forwarded"), "proto=https"));
}

TEST_F(TlsTest, RefusesOldVersionsWeakCiphersAndOtherProtocols) {
  start();
  EXPECT_NE(s_client({"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}).code, 0);
  EXPECT_NE(s_client({"-tls1_2", "-cipher", "AES128-SHA"}).code, 0);
  EXPECT_EQ(s_client({"-tls1_2"}).code, 0);
  EXPECT_EQ(s_client({"-tls1_3"}).code, 0);
  EXPECT_TRUE(has(s_client({"-alpn", "h3,http/1.1"}).out, "ALPN protocol: http/1.1"));
  EXPECT_TRUE(has(s_client({"-alpn", "spdy/1"}).err, "no application protocol"));
  for (const std::string reason : {"alpn", "version", "cipher"})
    EXPECT_TRUE(counts("teal_tls_failures_total", "reason=\"" + reason + '"', 1)) << reason;
}

TEST_F(TlsTest, ChoosesTheCipherItselfButLeavesChaChaToThoseWhoPutItFirst) {
  start();
  const auto chosen = [&](const std::string& offered) {
    return s_client({"-tls1_2", "-cipher", offered}).out;
  };
  EXPECT_TRUE(has(chosen("ECDHE+AES256+AESGCM:ECDHE+AES128+AESGCM"), "-AES128-GCM-SHA256"));
  EXPECT_TRUE(has(chosen("ECDHE+CHACHA20:ECDHE+AES128+AESGCM"), "-CHACHA20-POLY1305"));
}

TEST_F(TlsTest, ResumesOnAnyWorkerAndNotOnAnotherListener) {
  start();
  const std::string session = dir_ / "session";
  for (const std::string version : {"-tls1_2", "-tls1_3"}) {
    const std::string get = "GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n";
    s_client({version, "-servername", "shop.example.com", "-ign_eof", "-sess_out", session},
             "public", get);
    for (int i = 0; i < 6; ++i)
      EXPECT_TRUE(
          has(s_client({version, "-servername", "shop.example.com", "-sess_in", session}).out,
              "Reused, "))
          << version;
    for (const std::string elsewhere : {"other.example.com", "private.example.com"})
      EXPECT_FALSE(
          has(s_client({version, "-servername", elsewhere, "-sess_in", session}).out, "Reused, "))
          << version << elsewhere;
    EXPECT_FALSE(has(
        s_client({version, "-servername", "shop.example.com", "-sess_in", session}, "other").out,
        "Reused, "));
  }
}

TEST_F(TlsTest, AsksClientsForACertificateWhereTheNameWantsIt) {
  start();
  EXPECT_FALSE(has(curl("private.example.com").out, "HTTP/1.1 200 "));
  const Finished served = curl("private.example.com", client_certificate());
  EXPECT_TRUE(has(served.out, "HTTP/1.1 200 ")) << served.out << served.err;
  const std::string identity = target_.last().headers.get("x-forwarded-client-cert");
  EXPECT_TRUE(has(identity, "Subject=\"CN=client\";URI=spiffe://test/alice;DNS=alice") ||
              has(identity, "Subject=\"CN=client\";DNS=alice;URI=spiffe://test/alice"))
      << identity;
  EXPECT_TRUE(counts("teal_tls_failures_total", "reason=\"certificate_missing\"", 1));
}

TEST_F(TlsTest, NobodyForgesAnIdentity) {
  start();
  for (const std::string name : {"X-Forwarded-Client-Cert", "X_Forwarded_Client-Cert"}) {
    const Finished served = curl("shop.example.com", {"-H", name + ": Hash=00"}, "other");
    EXPECT_TRUE(has(served.out, "HTTP/1.1 200 ")) << served.err;
    EXPECT_FALSE(has(target_.last().raw_head, "Hash=00"));
  }
}

TEST_F(TlsTest, AHostWithOtherRulesThanTheHandshakesNameIsMisdirected) {
  start();
  const Finished refused = curl("shop.example.com", {"-H", "Host: private.example.com"});
  EXPECT_TRUE(has(refused.out, "421 ")) << refused.out;
  EXPECT_EQ(target_.requests(), 0U);
  EXPECT_TRUE(has(curl("shop.example.com", {"-H", "Host: other.example.com"}).out, "HTTP/1.1 200 "))
      << "the same rules: one connection may serve both";
}

TEST_F(TlsTest, APlainListenerRedirects) {
  start();
  HttpClient client(teal_->listener("plain"));
  const Response moved =
      client.exchange("GET /a?b=c HTTP/1.1\r\nHost: shop.example.com:80\r\n\r\n");
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(moved.headers.get("location"), "https://shop.example.com:8443/a?b=c");
}

TEST_F(TlsTest, ASlowHandshakeTimesOut) {
  start();
  Wire wire = Wire::connect(teal_->listener());
  std::string nothing;
  EXPECT_EQ(wire.read_to_end(nothing), Arrival::closed);
  EXPECT_TRUE(counts("teal_timeouts_total", "phase=\"tls_handshake\"", 1));
}

TEST_F(TlsTest, RenegotiationIsRefused) {
  start();
  const Finished seen = s_client({"-tls1_2"}, "public", "R\n");
  EXPECT_FALSE(has(seen.out, "RENEGOTIATED")) << seen.out;
  EXPECT_TRUE(counts("teal_tls_failures_total", "reason=\"renegotiation\"", 1));
}

TEST_F(TlsTest, LargeBodiesPassBothWays) {
  target_.on_request([](TargetConnection& connection, const SeenRequest& request) {
    connection.send(response(200, request.body));
  });
  start();
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i);
  write_file(dir_ / "body", body);
  const Finished echoed = curl("shop.example.com", {"--data-binary", "@" + (dir_ / "body"), "-o",
                                                    dir_ / "answer", "-H", "Expect:"});
  ASSERT_EQ(echoed.code, 0) << echoed.err;
  const std::string answer = read_file(dir_ / "answer");
  EXPECT_TRUE(answer.ends_with(body)) << answer.size();
}

TEST_F(TlsTest, NewFilesAreTakenAndBrokenOnesAreNot) {
  start();
  const std::string good = read_file(files_ / "shop.key");
  write_file(files_ / "shop.key", "broken");
  EXPECT_TRUE(counts("teal_tls_reloads_total", "result=\"refused\"", 2))
      << "one for each listener that has it";
  EXPECT_TRUE(has(curl("shop.example.com").out, "HTTP/1.1 200 "));
  files_.make("shop", "DNS:shop.example.com,DNS:new.org");
  EXPECT_TRUE(counts("teal_tls_reloads_total", "result=\"taken\"", 2));
  EXPECT_TRUE(has(s_client({"-servername", "new.org"}).out, "subject=CN = shop"));
  EXPECT_GT(teal_->admin().metric("teal_tls_certificate_expiry_timestamp_seconds",
                                  "listener=\"public\",certificate=\"" + files_ / "shop.crt" + '"'),
            1e9);
}

TEST_F(TlsTest, StaplesWhatTheAuthoritySaysOfTheCertificate) {
  files_.make_staple("shop");
  ConfigText config = shop({target_.address()});
  config.listeners = "public: { address: '127.0.0.1:0', tls: { certificates: [ " +
                     files_.entry("shop", ", ocsp: \"" + files_ / "shop.ocsp" + '"') + ", " +
                     files_.entry("wild") + " ] } }\n";
  teal_ = std::make_unique<Teal>(config);
  for (const std::string version : {"-tls1_2", "-tls1_3"}) {
    const std::string seen = s_client({version, "-status", "-servername", "shop.example.com"}).out;
    EXPECT_TRUE(has(seen, "OCSP Response Status: successful")) << seen;
    EXPECT_TRUE(has(seen, "Cert Status: good")) << seen;
    EXPECT_TRUE(has(s_client({version, "-status", "-servername", "other.example.com"}).out,
                    "OCSP response: no response sent"));
  }
}

TEST_F(TlsTest, AStapleOfAnotherCertificateIsNotSent) {
  files_.make_staple("shop");
  ConfigText config = shop({target_.address()});
  config.listeners = "public: { address: '127.0.0.1:0', tls: { certificates: " +
                     files_.entry("wild", ", ocsp: \"" + files_ / "shop.ocsp" + '"') + " } }\n";
  teal_ = std::make_unique<Teal>(config);
  EXPECT_TRUE(has(s_client({"-status"}).out, "OCSP response: no response sent"));
  EXPECT_TRUE(has(teal_->log(), "shop.ocsp is about another certificate")) << teal_->log();
}

TEST_F(TlsTest, BadFilesAreProblemsWithAPlace) {
  write_file(dir_ / "t.yaml",
             "listeners:\n  public:\n    address: 127.0.0.1:0\n    tls:\n      certificates:\n"
             "        - certificate: \"" +
                 files_ / "shop.crt" + "\"\n          key: \"" + files_ / "wild.key" +
                 "\"\n        - certificate: \"" + files_ / "shop.key" +
                 "\"\n          key: /nowhere\n"
                 "services: { shop: { match: { listener: public }, blue: { revision: v1, targets: "
                 "[ 127.0.0.1:1 ] } } }\n");
  const Finished checked = run({teal_binary(), "check", dir_ / "t.yaml"});
  EXPECT_EQ(checked.code, 1);
  for (const char* part :
       {"t.yaml:7:11: listeners.public.tls.certificates[0].key: ", "does not belong to",
        "t.yaml:8:11: listeners.public.tls.certificates[1].certificate: ", "has no CERTIFICATE",
        "t.yaml:9:11: ", "/nowhere cannot be opened"})
    EXPECT_TRUE(has(checked.err, part)) << part << '\n' << checked.err;
}

}  // namespace
}  // namespace teal::e2e
