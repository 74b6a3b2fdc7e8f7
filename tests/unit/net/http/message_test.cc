#include "net/http/message.h"

#include <cctype>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace teal::net {
namespace {

const std::map<std::string, HeaderId>& known_names() {
  static const std::map<std::string, HeaderId> names = {
      {"connection", HeaderId::connection},
      {"content-length", HeaderId::content_length},
      {"cookie", HeaderId::cookie},
      {"date", HeaderId::date},
      {"expect", HeaderId::expect},
      {"forwarded", HeaderId::forwarded},
      {"host", HeaderId::host},
      {"idempotency-key", HeaderId::idempotency_key},
      {"keep-alive", HeaderId::keep_alive},
      {"proxy-authenticate", HeaderId::proxy_authenticate},
      {"proxy-authorization", HeaderId::proxy_authorization},
      {"max-forwards", HeaderId::max_forwards},
      {"proxy", HeaderId::proxy},
      {"proxy-connection", HeaderId::proxy_connection},
      {"referer", HeaderId::referer},
      {"server", HeaderId::server},
      {"set-cookie", HeaderId::set_cookie},
      {"te", HeaderId::te},
      {"traceparent", HeaderId::traceparent},
      {"tracestate", HeaderId::tracestate},
      {"trailer", HeaderId::trailer},
      {"transfer-encoding", HeaderId::transfer_encoding},
      {"upgrade", HeaderId::upgrade},
      {"user-agent", HeaderId::user_agent},
      {"via", HeaderId::via},
      {"x-forwarded-for", HeaderId::x_forwarded_for},
      {"x-forwarded-host", HeaderId::x_forwarded_host},
      {"x-forwarded-port", HeaderId::x_forwarded_port},
      {"x-forwarded-proto", HeaderId::x_forwarded_proto},
      {"x-real-ip", HeaderId::x_real_ip},
      {"x-request-id", HeaderId::x_request_id},
  };
  return names;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

TEST(HeaderId, KnowsEveryNameInAnyCase) {
  // `other` has no name; all others must be in the table above.
  EXPECT_EQ(known_names().size(), static_cast<std::size_t>(HeaderId::x_request_id));
  for (const auto& [name, id] : known_names()) {
    EXPECT_EQ(header_id(name), id) << name;
    EXPECT_EQ(header_id(upper(name)), id) << name;
    std::string title = name;
    title[0] = upper(name)[0];
    EXPECT_EQ(header_id(title), id) << title;
  }
}

TEST(HeaderId, TakesNoNameForAnotherThatDiffersInOneByte) {
  for (const auto& [name, id] : known_names())
    for (std::size_t i = 0; i < name.size(); ++i)
      for (int c = 0; c < 256; ++c) {
        std::string changed = name;
        changed[i] = static_cast<char>(c);
        const bool same_letter =
            changed[i] == name[i] || (std::isalpha(c) != 0 && std::tolower(c) == name[i]);
        EXPECT_EQ(header_id(changed), same_letter ? id : HeaderId::other) << name << " " << i;
      }
}

TEST(HeaderId, TakesNoPartOfANameForIt) {
  EXPECT_EQ(header_id(""), HeaderId::other);
  for (const auto& [name, id] : known_names()) {
    EXPECT_NE(header_id(name.substr(1)), id);
    EXPECT_NE(header_id(name.substr(0, name.size() - 1)), id);
    EXPECT_NE(header_id(name + "s"), id);
  }
  EXPECT_EQ(header_id(std::string(100'000, 'a')), HeaderId::other);
}

TEST(Iequals, FoldsAsciiLettersAndNothingElse) {
  EXPECT_TRUE(iequals("", ""));
  EXPECT_TRUE(iequals("Keep-Alive", "kEEP-aLIVE"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("@", "`"));
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_FALSE(iequals("\xc9", "\xe9"));
}

Fields three_fields(const char* bytes) {
  Fields fields;
  fields.rebase(bytes);  // "Host: a\r\nX:b\r\nx: c\r\n"
  fields.push_back({HeaderId::host, true, 4, 0, 6, 1, 9});
  fields.push_back({HeaderId::other, false, 1, 9, 11, 1, 14});
  fields.push_back({HeaderId::other, true, 1, 14, 17, 1, 20});
  return fields;
}

TEST(Fields, FindTheFirstByIdOrByNameInAnyCase) {
  const Fields fields = three_fields("Host: a\r\nX:b\r\nx: c\r\n");
  ASSERT_NE(fields.find(HeaderId::host), nullptr);
  EXPECT_EQ(fields.get(HeaderId::host), "a");
  EXPECT_EQ(fields.find(HeaderId::via), nullptr);
  EXPECT_EQ(fields.get(HeaderId::via), "");
  ASSERT_NE(fields.find("x"), nullptr);
  EXPECT_EQ(fields.value(*fields.find("x")), "b");
  EXPECT_EQ(fields.find("y"), nullptr);
  EXPECT_EQ(fields.line(*fields.find("X")), "X:b\r\n");
}

TEST(Fields, FollowTheirBytesToAnotherPlace) {
  const std::string first = "Host: a\r\nX:b\r\nx: c\r\n";
  Fields fields = three_fields(first.data());
  const std::string second = first;
  fields.rebase(second.data());
  EXPECT_EQ(fields.get(HeaderId::host).data(), second.data() + 6);
}

TEST(Method, IsIdempotentWhereRfc9110SaysSo) {
  for (const Method method :
       {Method::get, Method::head, Method::put, Method::delete_, Method::options, Method::trace})
    EXPECT_TRUE(is_idempotent(method));
  for (const Method method : {Method::post, Method::patch, Method::connect, Method::other})
    EXPECT_FALSE(is_idempotent(method));
}

}  // namespace
}  // namespace teal::net
