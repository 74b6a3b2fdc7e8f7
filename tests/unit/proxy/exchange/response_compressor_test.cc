// Whose responses are compressed, what their heads say then, and what leaves when.
#include "proxy/exchange/response_compressor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gunzip.h"
#include "tests/support/loop_room.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using test::request_head;
using test::response_head;
using testing::Contains;
using testing::HasSubstr;

class ResponseCompressorTest : public testing::Test {
 protected:
  ResponseCompressorTest() {
    room_.add_service("shop", 1);
    room_.publish();
  }

  std::unique_ptr<ResponseCompressor> begin(std::string_view status_line,
                                            const std::vector<std::string>& fields,
                                            std::optional<Coding> liked,
                                            net::Method method = net::Method::get) {
    auto request = request_head("GET / HTTP/1.1", {"Host: a"});
    request.head.method = method;
    auto response = response_head(status_line, fields);
    response.head.framing.kind = net::Framing::Kind::until_close;
    auto made =
        begin_compression(request.head, response.head, edited_, rules_, liked, room_.loop());
    head_.clear();
    for (const net::Field& field : response.head.fields)
      head_.push_back(std::string(response.head.fields.name(field)) + ": " +
                      std::string(response.head.fields.value(field)));
    return made;
  }
  std::uint64_t counted(Stat what) { return room_.loop().counters()[what].read(); }

  LoopRoom room_;
  config::Compression rules_;
  EditedHead edited_;
  std::vector<std::string> head_;
};

const std::vector<std::string> kText{"Content-Type: text/plain"};

TEST_F(ResponseCompressorTest, CompressesWhatItsClientLikesAndSaysSo) {
  const auto compressor = begin("HTTP/1.1 200 OK", kText, Coding::gzip);
  ASSERT_TRUE(compressor);
  EXPECT_THAT(head_, Contains("content-encoding: gzip"));
  EXPECT_THAT(head_, Contains(testing::StartsWith("vary: ")));
  EXPECT_EQ(counted(Stat::compressed_gzip), 1U);
}

TEST_F(ResponseCompressorTest, SaysWhatTheResponseDependsOnWhereItsClientLikesNone) {
  EXPECT_FALSE(begin("HTTP/1.1 200 OK", kText, std::nullopt));
  EXPECT_THAT(head_, Contains(testing::StartsWith("vary: ")));
  EXPECT_EQ(counted(Stat::compressed_gzip), 0U);
}

TEST_F(ResponseCompressorTest, LeavesAResponseOfAnotherKindAlone) {
  EXPECT_FALSE(begin("HTTP/1.1 200 OK", {"Content-Type: image/png"}, Coding::gzip));
  EXPECT_EQ(head_.size(), 1U);
}

TEST_F(ResponseCompressorTest, SaysOfAHeadWhatItsGetWouldSay) {
  EXPECT_FALSE(begin("HTTP/1.1 200 OK", kText, Coding::gzip, net::Method::head));
  EXPECT_THAT(head_, Contains("content-encoding: gzip"));
  EXPECT_EQ(counted(Stat::compressed_gzip), 0U);
}

TEST_F(ResponseCompressorTest, SendsUncompressedWhatThereIsNoCompressorFor) {
  std::vector<std::unique_ptr<ResponseCompressor>> all;
  for (std::uint32_t i = 0; i < kMaxCompressors; ++i)
    all.push_back(ResponseCompressor::make(room_.loop(), Coding::gzip));
  EXPECT_FALSE(begin("HTTP/1.1 200 OK", kText, Coding::gzip));
  EXPECT_EQ(counted(Stat::compressions_skipped), 1U);
  all.pop_back();
  EXPECT_TRUE(begin("HTTP/1.1 200 OK", kText, Coding::gzip)) << "it was given back";
}

TEST_F(ResponseCompressorTest, KeepsNothingBackThatWasFlushed) {
  const auto compressor = ResponseCompressor::make(room_.loop(), Coding::gzip);
  std::string sent;
  const auto send = [&](ResponseCompressor::Made made) {
    ASSERT_TRUE(made);
    sent += *made;
  };
  send(compressor->put("hello "));
  send(compressor->flush());
  const std::size_t flushed = sent.size();
  EXPECT_GT(flushed, 0U);
  send(compressor->flush());
  EXPECT_EQ(sent.size(), flushed) << "there is nothing new";
  send(compressor->put("world"));
  send(compressor->finish());
  EXPECT_EQ(test::gunzip(sent), "hello world");
  EXPECT_EQ(counted(Stat::compression_bytes_in), 11U);
  EXPECT_EQ(counted(Stat::compression_bytes_out), sent.size());
}

}  // namespace
}  // namespace teal::proxy
