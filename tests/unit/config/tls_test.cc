#include <gtest/gtest.h>

#include "config/load.h"

namespace teal::config {
namespace {

std::string with(const std::string& listener, const std::string& service = "") {
  return "listeners:\n  public:\n    address: 127.0.0.1:0\n" + listener +
         "services:\n  shop:\n    match: { listener: public }\n"
         "    blue: { revision: v1, targets: [ 127.0.0.1:1 ] }\n" +
         service;
}

std::string problems(const std::string& text) {
  const Loaded<Config> loaded = load_text(text, "t.yaml");
  std::string all;
  if (!loaded)
    for (const Problem& each : loaded.error().list) all += to_string(each) + '\n';
  return all;
}

TEST(TlsConfig, KeepsThePlaceOfEachFile) {
  const Loaded<Config> loaded = load_text(
      with("    tls:\n      certificates:\n        - certificate: a.crt\n          key: a.key\n"),
      "t.yaml");
  ASSERT_TRUE(loaded) << problems(with(""));
  const Certificate& certificate = loaded->listeners[0].tls->certificates[0];
  EXPECT_EQ(certificate.key.path, "a.key");
  EXPECT_EQ(certificate.key.key, "listeners.public.tls.certificates[0].key");
  EXPECT_EQ(certificate.key.line, 7);
  EXPECT_EQ(certificate.key.column, 11);
}

TEST(TlsConfig, CertificatesInheritTheRulesForClients) {
  const Loaded<Config> loaded = load_text(
      with("    tls:\n      client_auth: required\n      client_ca: ca.crt\n      certificates:\n"
           "        - { certificate: a.crt, key: a.key }\n"
           "        - { certificate: b.crt, key: b.key, client_auth: none }\n"),
      "t.yaml");
  ASSERT_TRUE(loaded);
  const auto& certificates = loaded->listeners[0].tls->certificates;
  EXPECT_EQ(certificates[0].clients.auth, ClientAuth::required);
  EXPECT_EQ(certificates[0].clients.ca.path, "ca.crt");
  EXPECT_EQ(certificates[1].clients.auth, ClientAuth::none);
  EXPECT_TRUE(certificates[1].clients.ca.empty());
}

TEST(TlsConfig, SaysWhatDoesNotGoTogether) {
  EXPECT_NE(problems(with("    tls: { }\n")).find("has no certificates"), std::string::npos);
  EXPECT_NE(problems(with("    tls: { certificates: { certificate: a } }\n")).find("has no key"),
            std::string::npos);
  EXPECT_NE(problems(with("    tls: { certificates: { certificate: a, key: b }, "
                          "client_auth: required }\n"))
                .find("needs client_ca"),
            std::string::npos);
  EXPECT_NE(problems(with("    hsts: true\n")).find("is for listeners with tls"),
            std::string::npos);
  EXPECT_NE(problems(with("    redirect_https: true\n    tls: { certificates: { certificate: a, "
                          "key: b } }\n"))
                .find("is for listeners without tls"),
            std::string::npos);
  EXPECT_NE(problems(with("", "    tls: { certificate: a }\n")).find("go together"),
            std::string::npos);
  EXPECT_NE(problems(with("", "    tls: { verify: false, ca: a }\n")).find("verify: false"),
            std::string::npos);
}

TEST(TlsConfig, RendersHsts) {
  const Loaded<Config> loaded =
      load_text(with("    hsts: { max_age: 1h, include_subdomains: true }\n"
                     "    tls: { certificates: { certificate: a, key: b } }\n"),
                "t.yaml");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->listeners[0].hsts, "max-age=3600; includeSubDomains");
}

}  // namespace
}  // namespace teal::config
