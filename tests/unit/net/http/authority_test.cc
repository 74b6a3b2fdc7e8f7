#include "net/http/authority.h"

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

TEST(AuthorityForm, TellsNamesAndTheirPortsFromAllElse) {
  for (const char* text :
       {"a", "shop.example.com", "10.0.0.1", "fifteen-letters", "sixteen-letters-",
        "seventeen.letters", "A-very-Long.name.that.takes.more.than.one.look"}) {
    EXPECT_EQ(authority_form(text), AuthorityForm::name) << text;
    EXPECT_EQ(authority_form(std::string(text) + ":8080"), AuthorityForm::name_and_port) << text;
    EXPECT_EQ(authority_form(std::string(text) + "_"), AuthorityForm::other) << text;
    EXPECT_EQ(authority_form(std::string(text) + "/"), AuthorityForm::refused) << text;
    EXPECT_EQ(authority_form(std::string(text) + ":99999"), AuthorityForm::refused) << text;
  }
  EXPECT_EQ(authority_form("[::1]:80"), AuthorityForm::other);
  EXPECT_EQ(authority_form("a%20b"), AuthorityForm::other);
  EXPECT_EQ(authority_form(":80"), AuthorityForm::refused);
}

TEST(AuthorityCache, SaysWhatALookSaysWhateverCameBefore) {
  const std::string longest(46, 'a');
  const std::string longer(47, 'a');
  AuthorityCache cache;
  for (const std::string& text :
       {std::string(), std::string("a.example"), std::string("a.example"),
        std::string("a.example:80"), std::string("a.exampl"), std::string("a.example:"),
        std::string("u@a.exampl"), std::string("a.example"), std::string("[::1]"), std::string(),
        longest, longest, longer, longer, longest, std::string("b.example")})
    EXPECT_EQ(cache.form_of(text), authority_form(text)) << text;
}

}  // namespace
}  // namespace teal::net
