// TLS over a reload: new certificates are for new handshakes, and sessions go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

using ::testing::HasSubstr;

class ReloadTls : public ::testing::Test {
 protected:
  ReloadTls() {
    for (const std::string name : {"first", "second"}) files_.make(name, "DNS:shop.example.com");
  }
  /// One listener with that certificate.
  ConfigText config(const std::string& certificate, const std::string& address) const {
    ConfigText text = shop({target_.address()});
    text.listeners = "public: { address: '" + address +
                     "', tls: { certificates: " + files_.entry(certificate) + " } }";
    return text;
  }
  Finished s_client(Teal& teal, std::vector<std::string> more) const {
    std::vector<std::string> all{"openssl",          "s_client", "-servername",
                                 "shop.example.com", "-connect", to_string(teal.listener())};
    all.insert(all.end(), more.begin(), more.end());
    return run(all, "GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n");
  }

  TempDir dir_;
  Certificates files_{dir_.path()};
  Target target_;
};

TEST_F(ReloadTls, SessionsAreResumedAtAnotherAddressWithAnotherCertificate) {
  Teal teal(config("first", "127.0.0.1:0"));
  const std::string session = dir_ / "session";
  EXPECT_THAT(s_client(teal, {"-ign_eof", "-sess_out", session}).out,
              HasSubstr("subject=CN = first"));
  const ApiAnswer answer = teal.reload(config("second", "[::1]:0"));
  ASSERT_EQ(answer.at("/result"), "applied") << answer.text;
  EXPECT_THAT(s_client(teal, {"-ign_eof", "-sess_in", session}).out, HasSubstr("Reused, "));
  EXPECT_THAT(s_client(teal, {"-ign_eof"}).out, HasSubstr("subject=CN = second"));
}

TEST_F(ReloadTls, AListenerThatWasPlainAsksForAHandshakeFromTheReloadOn) {
  ConfigText plain = shop({target_.address()});
  Teal teal(plain);
  HttpClient there(teal.listener());
  ASSERT_EQ(there.get("/").status, 200);
  const ApiAnswer answer = teal.reload(config("first", "127.0.0.1:0"));
  ASSERT_EQ(answer.at("/result"), "applied") << answer.text;
  EXPECT_EQ(there.get("/").status, 200) << "an open connection stays as it is";
  EXPECT_THAT(s_client(teal, {"-ign_eof"}).out, HasSubstr("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace teal::e2e
