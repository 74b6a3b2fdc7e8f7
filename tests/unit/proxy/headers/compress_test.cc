#include "proxy/headers/compress.h"

#include <brotli/decode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/gunzip.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using test::gunzip;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string chosen(const std::vector<std::string>& accepts,
                   const config::Compression& offered = {}) {
  std::vector<std::string> fields;
  for (const std::string& each : accepts) fields.push_back("Accept-Encoding: " + each);
  const auto head = test::request_head("GET / HTTP/1.1", fields);
  const std::optional<Coding> coding = choose_coding(head.head.fields, offered);
  return coding ? std::string(to_string(*coding)) : "none";
}

TEST(ChooseCoding, TakesWhatTheClientLikesBest) {
  EXPECT_EQ(chosen({"gzip, deflate, br"}), "br");
  EXPECT_EQ(chosen({"gzip"}), "gzip");
  EXPECT_EQ(chosen({"x-gzip"}), "gzip");
  EXPECT_EQ(chosen({"GZIP;q=0.8, br;q=0.5"}), "gzip");
  EXPECT_EQ(chosen({"gzip; Q=0.001"}), "gzip");
  EXPECT_EQ(chosen({"deflate", "br"}), "br");
  EXPECT_EQ(chosen({"*"}), "br");
  EXPECT_EQ(chosen({"br;q=0, *"}), "gzip");
}

TEST(ChooseCoding, SendsNothingThatWasNotAskedFor) {
  EXPECT_EQ(chosen({}), "none");
  EXPECT_EQ(chosen({""}), "none");
  EXPECT_EQ(chosen({"deflate, zstd"}), "none");
  EXPECT_EQ(chosen({"gzip;q=0, br;q=0.0"}), "none");
  EXPECT_EQ(chosen({"*;q=0"}), "none");
  EXPECT_EQ(chosen({"identity;q=1, gzip;q=0.5"}), "none");
  EXPECT_EQ(chosen({"identity;q=0.5, gzip;q=0.5"}), "gzip");
  EXPECT_EQ(chosen({"gzipx, xbr"}), "none");
}

TEST(ChooseCoding, PassesOverMalformedWeights) {
  for (const char* malformed :
       {"gzip;q=2", "gzip;q=1.001", "gzip;q=0.0001", "gzip;q=a", "gzip;q=1a", "gzip;q=.5"})
    EXPECT_EQ(chosen({malformed}), "none") << malformed;
  EXPECT_EQ(chosen({"gzip;q="}), "gzip") << "no weight at all";
}

TEST(ChooseCoding, OffersOnlyWhatIsConfigured) {
  config::Compression only_gzip;
  only_gzip.brotli = false;
  EXPECT_EQ(chosen({"br, gzip;q=0.1"}, only_gzip), "gzip");
  EXPECT_EQ(chosen({"br"}, only_gzip), "none");
}

bool compressible(const std::string& status, std::vector<std::string> fields,
                  std::uint64_t length = 5000, const std::string& request = "GET / HTTP/1.1",
                  const std::vector<std::string>& asked = {}) {
  auto question = test::request_head(request, asked);
  if (request.starts_with("HEAD")) question.head.method = net::Method::head;
  auto answer = test::response_head("HTTP/1.1 " + status + " X", fields);
  answer.head.framing = {net::Framing::Kind::length, length};
  return is_compressible(question.head, answer.head, {});
}

TEST(IsCompressible, WhatIsListedAndLongEnough) {
  EXPECT_TRUE(compressible("200", {"Content-Type: text/html"}));
  EXPECT_TRUE(compressible("200", {"Content-Type: Text/HTML ; charset=utf-8"}));
  EXPECT_TRUE(compressible("404", {"Content-Type: application/json"}));
  EXPECT_FALSE(compressible("200", {"Content-Type: image/png"}));
  EXPECT_FALSE(compressible("200", {"Content-Type: text/htmlx"}));
  EXPECT_FALSE(compressible("200", {}));
  EXPECT_FALSE(compressible("200", {"Content-Type: text/html"}, 1023));
  EXPECT_TRUE(compressible("200", {"Content-Type: text/html"}, 1024));
}

TEST(IsCompressible, NeverWhatMustStayAsItIs) {
  const auto html = [](const std::string& more) {
    return std::vector<std::string>{"Content-Type: text/html", more};
  };
  for (const char* status : {"204", "206", "304", "205"})
    EXPECT_FALSE(compressible(status, html("x: y"))) << status;
  for (const char* field :
       {"Content-Encoding: gzip", "Content-Range: bytes 0-1/2",
        "Cache-Control: max-age=1, No-Transform", "Content-MD5: x", "Content-Digest: sha-256=:x:"})
    EXPECT_FALSE(compressible("200", html(field))) << field;
  EXPECT_FALSE(
      compressible("200", html("x: y"), 5000, "GET / HTTP/1.1", {"Cache-Control: no-transform"}));
}

TEST(IsCompressible, IsToHeadWhatItIsToGet) {
  const auto to_head = [](std::vector<std::string> fields) {
    auto question = test::request_head("HEAD / HTTP/1.1", {});
    question.head.method = net::Method::head;
    auto answer = test::response_head("HTTP/1.1 200 X", std::move(fields));
    answer.head.framing = {};
    return is_compressible(question.head, answer.head, {});
  };
  EXPECT_TRUE(to_head({"Content-Type: text/html", "Content-Length: 5000"}));
  EXPECT_TRUE(to_head({"Content-Type: text/html"}));
  EXPECT_FALSE(to_head({"Content-Type: text/html", "Content-Length: 1023"}));
  EXPECT_FALSE(to_head({"Content-Type: image/png", "Content-Length: 5000"}));
}

bool of_compressed(const std::string& etag, const std::string& if_none_match,
                   const std::string& status = "304") {
  const auto question = test::request_head("GET / HTTP/1.1", {"If-None-Match: " + if_none_match});
  const auto answer = test::response_head("HTTP/1.1 " + status + " X", {"ETag: " + etag});
  return is_of_compressed(question.head, answer.head);
}

TEST(IsOfCompressed, WhereTheClientHasTheWeakForm) {
  EXPECT_TRUE(of_compressed("\"a,b\"", "\"x\", W/\"a,b\""));
  EXPECT_FALSE(of_compressed("\"a\"", "\"a\""));
  EXPECT_FALSE(of_compressed("\"a\"", "W/\"b\""));
  EXPECT_FALSE(of_compressed("W/\"a\"", "W/\"a\""));
  EXPECT_FALSE(of_compressed("\"a\"", "W/\"a\"", "200"));
}

std::vector<std::string> marked(const std::vector<std::string>& fields,
                                std::optional<Coding> coding) {
  auto head = test::response_head("HTTP/1.1 200 OK", fields);
  ByteBuffer bytes;
  bytes += std::string_view(head.head.fields.bytes(), head.head.size);
  head.head.fields.rebase(bytes.data());
  mark_compressed(head.head, coding, bytes);
  std::vector<std::string> lines;
  for (const net::Field& field : head.head.fields)
    lines.push_back(std::string(head.head.fields.name(field)) + ": " +
                    std::string(head.head.fields.value(field)));
  return lines;
}

TEST(MarkCompressed, SaysWhatHasBecomeOfIt) {
  EXPECT_THAT(marked({"ETag: \"a\"", "Accept-Ranges: bytes", "Vary: Cookie"}, Coding::brotli),
              ElementsAre("Vary: Cookie", "content-encoding: br", "etag: W/\"a\"",
                          "vary: Accept-Encoding"));
  EXPECT_THAT(marked({"ETag: W/\"a\"", "Vary: accept-encoding"}, Coding::gzip),
              ElementsAre("ETag: W/\"a\"", "Vary: accept-encoding", "content-encoding: gzip"));
}

TEST(MarkCompressed, SaysNoLengthWhichIsThatOfAnotherBody) {
  EXPECT_THAT(marked({"Content-Length: 5000", "Vary: *"}, Coding::gzip),
              ElementsAre("Vary: *", "content-encoding: gzip"));
  EXPECT_THAT(marked({"Content-Length: 5000", "Vary: *"}, std::nullopt),
              ElementsAre("Content-Length: 5000", "Vary: *"));
}

TEST(MarkCompressed, TellsCachesAlsoWhereTheClientWantsNone) {
  EXPECT_THAT(marked({"ETag: \"a\""}, std::nullopt),
              ElementsAre("ETag: \"a\"", "vary: Accept-Encoding"));
  EXPECT_THAT(marked({"Vary: *"}, std::nullopt), ElementsAre("Vary: *"));
}

std::string unbrotli(std::string_view packed) {
  BrotliDecoderState* const state = ::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  std::size_t left = packed.size();
  const auto* next = reinterpret_cast<const std::uint8_t*>(packed.data());
  std::string out;
  BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
  while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
    std::array<std::uint8_t, 4096> piece{};
    std::size_t room = piece.size();
    std::uint8_t* at = piece.data();
    result = ::BrotliDecoderDecompressStream(state, &left, &next, &room, &at, nullptr);
    out.append(reinterpret_cast<const char*>(piece.data()), piece.size() - room);
  }
  ::BrotliDecoderDestroyInstance(state);
  return out;
}

class Compressors : public ::testing::TestWithParam<Coding> {
 protected:
  static std::string unpack(std::string_view packed) {
    return GetParam() == Coding::gzip ? gunzip(packed) : unbrotli(packed);
  }
};

TEST_P(Compressors, GiveBackWhatWasPut) {
  Rng rng(7);
  std::string text;
  while (text.size() < 1'000'000) text += "line " + std::to_string(rng.below(1000)) + "\n";
  const auto compressor = Compressor::make(GetParam());
  ASSERT_NE(compressor, nullptr);
  ByteBuffer out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = 1 + rng.below(100'000);
    ASSERT_TRUE(compressor->put(std::string_view(text).substr(at, size), out));
    at += size;
    if (rng.below(2) == 0) {
      ASSERT_TRUE(compressor->flush(out));
    }
  }
  ASSERT_TRUE(compressor->finish(out));
  EXPECT_LT(out.size(), text.size() / 3);
  EXPECT_EQ(unpack(out.view()), text);
}

TEST_P(Compressors, LetAllBeReadAfterAFlush) {
  const auto compressor = Compressor::make(GetParam());
  ByteBuffer out;
  std::string so_far;
  for (int i = 0; i < 5; ++i) {
    const std::string event = "data: " + std::to_string(i) + "\n\n";
    ASSERT_TRUE(compressor->put(event, out));
    ASSERT_TRUE(compressor->flush(out));
    so_far += event;
    EXPECT_EQ(unpack(out.view()), so_far);
  }
}

TEST_P(Compressors, AreWellWithNothingAndWithNoise) {
  const auto empty = Compressor::make(GetParam());
  ByteBuffer out;
  ASSERT_TRUE(empty->finish(out));
  EXPECT_EQ(unpack(out.view()), "");
  Rng rng(7);
  std::string noise(300'000, '\0');
  for (char& c : noise) c = static_cast<char>(rng.next());
  const auto compressor = Compressor::make(GetParam());
  ByteBuffer packed;
  ASSERT_TRUE(compressor->put(noise, packed));
  ASSERT_TRUE(compressor->finish(packed));
  EXPECT_EQ(unpack(packed.view()), noise);
}

INSTANTIATE_TEST_SUITE_P(Both, Compressors, ::testing::Values(Coding::gzip, Coding::brotli),
                         [](const auto& about) { return std::string(to_string(about.param)); });

}  // namespace
}  // namespace teal::proxy
