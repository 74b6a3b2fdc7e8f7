#include "net/tls/identity.h"

#include <gtest/gtest.h>

namespace teal::net {
namespace {

TEST(ClientIdentity, NamesTheHashTheSubjectAndTheAlternativeNames) {
  EXPECT_EQ(identity_text({"\x01\xab", "CN=alice,O=Shop", {"spiffe://shop/alice"}, {"a.example"}}),
            "Hash=01ab;Subject=\"CN=alice,O=Shop\";URI=spiffe://shop/alice;DNS=a.example");
}

TEST(ClientIdentity, CannotEndTheHeaderOrAddToIt) {
  const std::string text =
      identity_text({"\x01", "CN=x\";URI=spiffe://root\r\nx-admin: yes", {}, {}});
  EXPECT_EQ(text, "Hash=01;Subject=\"CN=x\\\";URI=spiffe://root??x-admin: yes\"");
}

TEST(ClientIdentity, IsBounded) {
  ClientIdentity many{"\x01", "CN=x", {}, {}};
  for (int i = 0; i < 1000; ++i) many.dns.push_back(std::string(100, 'a'));
  const std::string text = identity_text(many);
  EXPECT_LE(text.size(), 4096U);
  EXPECT_TRUE(text.starts_with("Hash=01;Subject="));
}

}  // namespace
}  // namespace teal::net
