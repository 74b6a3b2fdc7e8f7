#include "net/http2/head.h"

#include <gtest/gtest.h>

#include "net/http2/limits.h"

namespace teal::net {
namespace {

TEST(Http2Head, KnowsHowTheAuthorityIsWrittenWhateverTheLastOneWas) {
  Http2HeadReader reader{Http2Limits{}};
  const auto form_of = [&reader](std::string_view authority, std::string_view host) {
    // What an exchange gives back may have been of another request.
    reader.request().authority_form = AuthorityForm::name;
    reader.begin_request();
    reader.add(":method", "GET");
    reader.add(":scheme", "http");
    reader.add(":path", "/");
    if (!authority.empty()) reader.add(":authority", authority);
    if (!host.empty()) reader.add("host", host);
    EXPECT_EQ(reader.finish_request(true), Refusal::none);
    return reader.request().authority_form;
  };
  EXPECT_EQ(form_of("a.example", ""), AuthorityForm::name);
  EXPECT_EQ(form_of("a.example:80", ""), AuthorityForm::name_and_port);
  EXPECT_EQ(form_of("[::1]:80", ""), AuthorityForm::other);
  EXPECT_EQ(form_of("", "b.example:80"), AuthorityForm::name_and_port);
  EXPECT_FALSE(reader.request().connection_names);
}

}  // namespace
}  // namespace teal::net
