// Clients that send all of a body before they read: they get to see the answer that came early
// (RFC 9112, section 9.6).
#include <gtest/gtest.h>

#include "tests/support/e2e_certificates.h"
#include "tests/support/e2e_peer.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

class EarlyAnswersTest : public ::testing::Test {
 protected:
  EarlyAnswersTest() { files_.make("shop", "DNS:shop.example.com"); }

  void start(bool secure, const std::string& more_service = {}) {
    ConfigText config = shop({target_.address()}, more_service);
    if (secure)
      config.listeners = "public: { address: '127.0.0.1:0', tls: { certificates: [ " +
                         files_.entry("shop") + " ] } }";
    teal_ = std::make_unique<Teal>(config);
  }
  /// What Python's http.client says of its answer to a body of so many MiB.
  std::string answer_to(const std::string& scheme, int megabytes) const {
    const PythonPeer client({"large_post.py", scheme, std::to_string(teal_->listener().port),
                             "shop.example.com", std::to_string(megabytes)});
    return client.first_line();
  }

  const TempDir dir_;
  Certificates files_{dir_.path()};
  Target target_;
  std::unique_ptr<Teal> teal_;
};

constexpr const char* kLimit = "limits: { request_body_bytes: 1000 }\n";
const std::string kTooLarge = "413 the request's body is longer than it may be";

TEST_F(EarlyAnswersTest, HttpClientOfPythonSeesA413BehindMegabytes) {
  start(false, kLimit);
  for (const int megabytes : {1, 12, 48})
    EXPECT_EQ(answer_to("http", megabytes), kTooLarge) << megabytes;
}

TEST_F(EarlyAnswersTest, HttpClientOfPythonSeesA413BehindMegabytesOverTls) {
  start(true, kLimit);
  for (const int megabytes : {1, 12, 48})
    EXPECT_EQ(answer_to("https", megabytes), kTooLarge) << megabytes;
}

TEST_F(EarlyAnswersTest, HttpClientOfPythonSeesWhatATargetAnswersEarly) {
  target_.on_connection([](TargetConnection& connection) {
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos)
      if (connection.read(head) != Arrival::bytes) return;
    connection.send(response(403, "not you\n", "connection: close\r\n"));
    connection.await_end();
  });
  start(false);
  EXPECT_EQ(answer_to("http", 12), "403 not you");
}

}  // namespace
}  // namespace teal::e2e
