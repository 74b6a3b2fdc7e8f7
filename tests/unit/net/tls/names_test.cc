#include "net/tls/names.h"

#include <gtest/gtest.h>

namespace teal::net {
namespace {

TlsNames some_names() {
  TlsNames names;
  names.add("first.example.com", 0);
  names.add("*.example.com", 1);
  names.add("Shop.Example.com", 2);
  names.add("shop.example.com", 3);
  return names;
}

TEST(TlsNames, AnExactNameComesBeforeAWildcard) {
  EXPECT_EQ(some_names().find("shop.example.com"), 2U);
  EXPECT_EQ(some_names().find("other.example.com"), 1U);
}

TEST(TlsNames, CaseAndATrailingDotDoNotMatter) {
  EXPECT_EQ(some_names().find("SHOP.example.COM."), 2U);
}

TEST(TlsNames, AWildcardStandsForOneLabel) {
  EXPECT_EQ(some_names().find("a.b.example.com"), 0U);
  EXPECT_EQ(some_names().find("example.com"), 0U);
  EXPECT_EQ(some_names().find(".example.com"), 0U);
}

TEST(TlsNames, TheFirstIsForUnknownNamesAndForNone) {
  EXPECT_EQ(some_names().find("elsewhere.org"), 0U);
  EXPECT_EQ(some_names().find(""), 0U);
}

}  // namespace
}  // namespace teal::net
