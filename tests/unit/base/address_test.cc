#include "base/address.h"

#include <gtest/gtest.h>

namespace teal {
namespace {

TEST(Address, IsReadAndPrintedInAllItsForms) {
  for (const char* text : {"10.0.0.1:8080", "[::1]:80", "unix:/run/app.sock", "0.0.0.0:0"})
    EXPECT_EQ(to_string(*parse_address(text)), text);
  EXPECT_EQ(to_string(*parse_address("localhost:81")), "127.0.0.1:81");
  EXPECT_EQ(to_string(*parse_address("[0:0::0:1]:80")), "[::1]:80");
}

TEST(Address, RefusesNamesAndNonsense) {
  for (const char* text : {"", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:+1",
                           "example.com:80", "::1:80", "[::1", "[x]:1", "unix:", "10.0.0.256:1"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Address, RefusesEveryByteButVisibleAscii) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {"127.0.0.1\0\r\nX-Injected: yes:80"sv, "127.0.0.1\0:80"sv, "[::1\0]:80"sv, "[::1\0"sv,
        "127.0.0.1:80\0"sv, "127.0.0.1 :80"sv, " 127.0.0.1:80"sv, "127.0.0.1:80\r\n"sv,
        "unix:/run/a\0b"sv, "unix:/run/a\r\nb"sv, "unix:/run/a b"sv, "unix:\0abstract"sv,
        "unix:/run/a\x7f"sv, "unix:/run/\xc2\x9b"sv, "localhost\0:80"sv})
    EXPECT_FALSE(parse_address(text)) << testing::PrintToString(text);
}

TEST(Address, ShowsInItsErrorsNoByteThatATerminalWouldObey) {
  const std::string message =
      parse_address(std::string_view("127.0.0.1\0\r\n\x1b[2J:80", 16)).error().message();
  EXPECT_NE(message.find("'127.0.0.1\\x00\\r\\n\\x1b[2J'"), message.npos) << message;
}

TEST(Address, IsKeptInOneFormHoweverItIsWritten) {
  EXPECT_EQ(to_string(*parse_address("[2001:DB8:0:0::0001]:0080")), "[2001:db8::1]:80");
  EXPECT_EQ(to_string(*parse_address("[::ffff:127.0.0.1]:80")), "127.0.0.1:80");
  EXPECT_EQ(to_string(*parse_address("[::ffff:7f00:1]:80")), "127.0.0.1:80");
  EXPECT_EQ(to_string(*parse_address("unix://run/.//./app.sock")), "unix:/run/app.sock");
  EXPECT_EQ(to_string(*parse_address("unix:/run/../app.sock")), "unix:/run/../app.sock");
  for (const char* text : {"127.0.0.01:80", "127.1:80", "0x7f.0.0.1:80", "2130706433:80"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Address, OfATargetNeedsAPort) {
  EXPECT_TRUE(parse_target_address("127.0.0.1:1"));
  EXPECT_TRUE(parse_target_address("unix:/run/app.sock"));
  EXPECT_FALSE(parse_target_address("127.0.0.1:0"));
  EXPECT_FALSE(parse_target_address("[::1]:00"));
  EXPECT_TRUE(parse_address("127.0.0.1:0")) << "a listener may leave it to the system";
}

TEST(Cidr, RefusesBytesThatNoAddressHas) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"10.0.0.1\0"sv, "10.0.0.0\0/8"sv, "::1\0"sv, " 10.0.0.1"sv})
    EXPECT_FALSE(parse_cidr(text)) << testing::PrintToString(text);
  EXPECT_FALSE(parse_ip("10.0.0.1\0x"sv));
}

TEST(Cidr, HoldsTheAddressesOfItsBlockOnly) {
  const Cidr ten = *parse_cidr("10.0.0.0/9");
  EXPECT_TRUE(ten.contains(*parse_ip("10.127.0.1")));
  EXPECT_FALSE(ten.contains(*parse_ip("10.128.0.1")));
  EXPECT_TRUE(parse_cidr("::1")->contains(*parse_ip("::1")));
  EXPECT_FALSE(parse_cidr("::1")->contains(*parse_ip("::2")));
  EXPECT_TRUE(parse_cidr("0.0.0.0/0")->contains(*parse_ip("192.0.2.1")));
  EXPECT_FALSE(parse_cidr("0.0.0.0/0")->contains(*parse_ip("2001:db8::1")));
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "x/8", "::/129", "10.0.0.0/-1"})
    EXPECT_FALSE(parse_cidr(text)) << text;
}

}  // namespace
}  // namespace teal
