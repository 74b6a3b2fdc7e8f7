#include "net/http/host_field.h"

#include <gtest/gtest.h>

#include "net/http/authority.h"

namespace teal::net {
namespace {

TEST(HostField, IsTheAddressAndForAUnixSocketLocalhost) {
  for (const char* text : {"10.0.0.1:8080", "[::1]:80"}) {
    EXPECT_EQ(host_field_of(*parse_address(text)), text);
    EXPECT_TRUE(is_authority(text));
  }
  EXPECT_EQ(host_field_of(*parse_address("unix:/run/app.sock")), "localhost");
}

}  // namespace
}  // namespace teal::net
