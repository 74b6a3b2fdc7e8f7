#include "net/http/field_names.h"

#include <gtest/gtest.h>

#include "net/http1/parser.h"
#include "net/http2/head.h"
#include "net/http2/limits.h"

namespace teal::net {
namespace {

TEST(FieldNames, ReadAlikeWhereServersMakeVariablesOfThem) {
  EXPECT_TRUE(reads_alike("X_Forwarded_For", "x-forwarded-for"));
  EXPECT_TRUE(reads_alike("x.forwarded~FOR", "x-forwarded_for"));
  EXPECT_FALSE(reads_alike("xforwardedfor", "x-forwarded-for"));
  EXPECT_FALSE(reads_alike("x-forwarded-fo", "x-forwarded-for"));
  EXPECT_EQ(id_as_read("Transfer_Encoding"), HeaderId::transfer_encoding);
  EXPECT_EQ(id_as_read("content.length"), HeaderId::content_length);
  EXPECT_EQ(id_as_read("x-real_ip"), HeaderId::x_real_ip);
  EXPECT_EQ(id_as_read(std::string(200, '_')), HeaderId::other);
}

TEST(FieldNames, AreOddWithMoreThanLettersDigitsAndHyphens) {
  for (const char* name : {"x_a", "_", "x.a", "a~", "x-a*"}) EXPECT_TRUE(is_odd_name(name)) << name;
  for (const char* name : {"x-a", "X9", "-"}) EXPECT_FALSE(is_odd_name(name)) << name;
}

/// Behind it stands so much that names are looked at in blocks, and so little that they are not.
bool http1_notes(const std::string& name, bool is_last) {
  RequestParser parser{{}};
  const std::string line = name + ": 1\r\n";
  const std::string head =
      "GET / HTTP/1.1\r\n" + (is_last ? "host: a\r\n" + line : line + "host: a\r\n") + "\r\n";
  EXPECT_EQ(parser.next(head).event, ParseEvent::head) << name;
  return parser.head().fields.has_odd_names();
}

bool http2_notes(const std::string& name) {
  Http2HeadReader reader{Http2Limits{}};
  reader.begin_request();
  reader.add(":method", "GET");
  reader.add(":scheme", "http");
  reader.add(":path", "/");
  reader.add(":authority", "a");
  reader.add(name, "1");
  EXPECT_EQ(reader.finish_request(true), Refusal::none) << name;
  return reader.request().fields.has_odd_names();
}

TEST(FieldNames, AreNotedByTheCodecsWhereverTheOddByteStands) {
  for (std::size_t size = 1; size < 40; ++size) {
    const std::string plain(size, 'n');
    for (const bool is_last : {false, true}) EXPECT_FALSE(http1_notes(plain, is_last)) << size;
    EXPECT_FALSE(http2_notes(plain));
    for (std::size_t at = 0; at < size; ++at)
      for (const char odd : {'_', '.', '~'}) {
        std::string name = plain;
        name[at] = odd;
        for (const bool is_last : {false, true}) EXPECT_TRUE(http1_notes(name, is_last)) << name;
        EXPECT_TRUE(http2_notes(name)) << name;
      }
  }
}

TEST(FieldNames, OfTheLastRequestAreForgotten) {
  RequestParser parser{{}};
  const std::string odd = "GET / HTTP/1.1\r\nhost: a\r\nx_a: 1\r\n\r\n";
  ASSERT_EQ(parser.next(odd).event, ParseEvent::head);
  ASSERT_EQ(parser.next({}).event, ParseEvent::end);
  parser.restart();
  const std::string plain = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
  ASSERT_EQ(parser.next(plain).event, ParseEvent::head);
  EXPECT_FALSE(parser.head().fields.has_odd_names());
}

TEST(FieldNames, OfFieldsThatStayAreStillNotedWhenOthersGo) {
  RequestParser parser{{}};
  const std::string head = "GET / HTTP/1.1\r\nhost: a\r\nx_a: 1\r\nvia: 1.1 b\r\nx-c: 3\r\n\r\n";
  ASSERT_EQ(parser.next(head).event, ParseEvent::head);
  Fields& fields = parser.head().fields;
  fields.remove_if([](const Field& field) { return field.id == HeaderId::via; });
  EXPECT_EQ(fields.size(), 3U);
  EXPECT_FALSE(fields.has(HeaderId::via));
  EXPECT_TRUE(fields.has(HeaderId::host));
  EXPECT_TRUE(fields.has_odd_names());
  EXPECT_EQ(fields.name(fields.begin()[2]), "x-c");
}

}  // namespace
}  // namespace teal::net
