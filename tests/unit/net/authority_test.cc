#include "net/authority.h"

#include <string>

#include <gtest/gtest.h>

namespace teal::net {
namespace {

TEST(Authority, IsAHostWithAnOptionalPort) {
  for (const char* text : {"a", "a.example", "A.Example:80", "a.example:", "10.0.0.1:65535",
                           "[::1]", "[::1]:80", "[2001:db8::1]", "[::ffff:10.0.0.1]:0",
                           "a_b-c~d!$&'()*+,;=", "%41.example", "xn--e1afmkfd"})
    EXPECT_TRUE(is_authority(text)) << text;
}

TEST(Authority, IsNothingElse) {
  for (const char* text : {"",
                           ":",
                           ":80",
                           "a:b",
                           "a:80:80",
                           "a:65536",
                           "a:000080",
                           "a b",
                           " a",
                           "a ",
                           "u@a",
                           "u:p@a",
                           "a/b",
                           "a?b",
                           "a#b",
                           "a\\b",
                           "\"a\"",
                           "<a>",
                           "a|b",
                           "a^b",
                           "a`b",
                           "{a}",
                           "\xc3\xa9",
                           "%",
                           "%4",
                           "%4g",
                           "[",
                           "[]",
                           "[::1",
                           "::1",
                           "[::1]]",
                           "[::1]80",
                           "[a]",
                           "[1.2.3.4]",
                           "[v1.a]",
                           "[fe80::1%25lo]",
                           "[1:2:3:4:5:6:7:8:9]",
                           "a[::1]"})
    EXPECT_FALSE(is_authority(text)) << text;
  EXPECT_FALSE(is_authority(std::string("a\0b", 3)));
  EXPECT_FALSE(is_authority("[" + std::string(1000, ':') + "]"));
  EXPECT_FALSE(is_authority(std::string("[::1\0]", 6)));
}

}  // namespace
}  // namespace teal::net
