#include "base/error_meaning.h"

#include <gtest/gtest.h>

namespace teal {
namespace {

std::vector<StatusWord> words(const std::vector<std::string>& texts) {
  std::vector<StatusWord> list;
  for (const std::string& text : texts) list.push_back(parse_status_word(text).value());
  return list;
}

ErrorMeaning meaning(const std::vector<std::string>& errors,
                     const std::vector<std::string>& except = {},
                     const std::vector<std::string>& paths = {}) {
  return {words(errors), words(except), paths};
}

Ending answer(int status) {
  return {.status = static_cast<std::uint16_t>(status)};
}
Ending failure(int status) {
  return {.status = static_cast<std::uint16_t>(status), .is_failure = true};
}
Ending call(GrpcStatus status) {
  return {.status = http_status_of(status), .grpc = status};
}
Ending failed_call(std::uint16_t status, GrpcStatus grpc) {
  return {.status = status, .grpc = grpc, .is_failure = true};
}

bool is_error(const ErrorMeaning& meaning, const Ending& ending) {
  return ErrorMeanings({meaning}).errors(ending) == meaning_bit(1);
}

TEST(StatusWord, IsAClassAStatusARangeOrAStatusOfGrpcByNameOrNumber) {
  EXPECT_EQ(parse_status_word("5xx"), (StatusWord{500, 599}));
  EXPECT_EQ(parse_status_word("3xx"), (StatusWord{300, 399}));
  EXPECT_EQ(parse_status_word("404"), (StatusWord{404, 404}));
  EXPECT_EQ(parse_status_word("500-504"), (StatusWord{500, 504}));
  EXPECT_EQ(parse_status_word("UNAVAILABLE"), (StatusWord{0, 0, GrpcStatus::unavailable}));
  EXPECT_EQ(parse_status_word("14"), (StatusWord{0, 0, GrpcStatus::unavailable}));
  for (const char* bad : {"", "2xx", "6xx", "xx", "5XX", "200", "600", "4040", "504-500", "500-",
                          "-504", "OK", "0", "17", "unavailable", "UNAVAILABLE ", "+14"})
    EXPECT_FALSE(parse_status_word(bad)) << bad;
}

TEST(StatusWord, ReadsBackAsItIsWritten) {
  for (const std::string text : {"5xx", "4xx", "404", "500-504", "UNAVAILABLE", "CANCELLED"})
    EXPECT_EQ(to_string(parse_status_word(text).value()), text);
}

TEST(ErrorMeaning, SaysForAPersonWhatIsCounted) {
  EXPECT_EQ(to_string(ErrorMeaning{}), "5xx");
  EXPECT_EQ(to_string(meaning({"5xx", "404"}, {"501", "UNAVAILABLE"}, {"/api", "/rpc"})),
            "5xx, 404 except 501, UNAVAILABLE under /api, /rpc");
}

TEST(ErrorMeaning, KnowsWhetherItCountsClientErrors) {
  EXPECT_FALSE(counts_client_errors({}));
  EXPECT_TRUE(counts_client_errors(ErrorMeaning::of_clients()));
  EXPECT_TRUE(counts_client_errors(meaning({"5xx", "404"})));
  EXPECT_TRUE(counts_client_errors(meaning({"350-410"})));
  EXPECT_TRUE(counts_client_errors(meaning({"NOT_FOUND"})));
  EXPECT_FALSE(counts_client_errors(meaning({"3xx", "UNAVAILABLE"})));
}

TEST(ErrorMeanings, CountWhatIsNamedAndNotWhatIsExcepted) {
  const ErrorMeaning some = meaning({"5xx", "404", "429"}, {"501"});
  for (const int status : {500, 503, 599, 404, 429})
    EXPECT_TRUE(is_error(some, answer(status))) << status;
  for (const int status : {0, 101, 200, 301, 400, 403, 405, 501, 600, 65535})
    EXPECT_FALSE(is_error(some, answer(status))) << status;
}

TEST(ErrorMeanings, CountWhatHasNoAnswerWithTheStatusThatStandsForItWhateverIsExcepted) {
  const ErrorMeaning without_503 = meaning({"5xx"}, {"503"});
  EXPECT_FALSE(is_error(without_503, answer(503)));
  for (const int status : {502, 503, 504})
    EXPECT_TRUE(is_error(without_503, failure(status))) << status;
}

TEST(ErrorMeanings, OfClientsCountEvery4xxAndNoFailure) {
  const ErrorMeaning clients = ErrorMeaning::of_clients();
  EXPECT_TRUE(is_error(clients, answer(400)));
  EXPECT_TRUE(is_error(clients, answer(404)));
  EXPECT_TRUE(is_error(clients, answer(499)));
  EXPECT_FALSE(is_error(clients, answer(500)));
  for (const int status : {502, 503, 504}) EXPECT_FALSE(is_error(clients, failure(status)));
}

TEST(ErrorMeanings, TakeCallsOfGrpcByTheirStatusOrByWhatItMeans) {
  EXPECT_TRUE(is_error(meaning({"5xx"}), call(GrpcStatus::unavailable)));
  EXPECT_FALSE(is_error(meaning({"5xx"}), call(GrpcStatus::not_found)));
  EXPECT_TRUE(is_error(meaning({"404"}), call(GrpcStatus::not_found)));
  const ErrorMeaning named = meaning({"RESOURCE_EXHAUSTED"});
  EXPECT_TRUE(is_error(named, call(GrpcStatus::resource_exhausted)));
  EXPECT_FALSE(is_error(named, answer(429))) << "that is HTTP's";
  EXPECT_FALSE(is_error(named, call(GrpcStatus::unavailable)));
  const ErrorMeaning but_one = meaning({"5xx"}, {"UNIMPLEMENTED"});
  EXPECT_FALSE(is_error(but_one, call(GrpcStatus::unimplemented)));
  EXPECT_TRUE(is_error(but_one, call(GrpcStatus::internal)));
  EXPECT_TRUE(is_error(but_one, answer(501))) << "no call";
}

TEST(ErrorMeanings, TakeAFailedCallByTheStatusThatItsClientGets) {
  EXPECT_TRUE(is_error(meaning({"UNAVAILABLE"}), failed_call(502, GrpcStatus::unavailable)));
  EXPECT_FALSE(is_error(meaning({"UNAVAILABLE"}), failed_call(504, GrpcStatus::deadline_exceeded)));
  EXPECT_TRUE(
      is_error(meaning({"5xx"}, {"UNAVAILABLE"}), failed_call(502, GrpcStatus::unavailable)))
      << "an exception is one for answers";
}

TEST(ErrorMeanings, CountOnlyRequestsUnderTheirPathsOnSegmentBorders) {
  const ErrorMeanings meanings({meaning({"4xx"}), meaning({"404"}, {}, {"/api", "/v2/"}),
                                meaning({"5xx"}, {}, {"/api/admin"})});
  ASSERT_TRUE(meanings.asks_for_path());
  const MeaningSet all = kUsualMeaning | meaning_bit(1);
  EXPECT_EQ(meanings.counting("/"), all);
  EXPECT_EQ(meanings.counting("/apis"), all);
  EXPECT_EQ(meanings.counting("/api"), all | meaning_bit(2));
  EXPECT_EQ(meanings.counting("/v2/x"), all | meaning_bit(2));
  EXPECT_EQ(meanings.counting("/api/admin/x"), all | meaning_bit(2) | meaning_bit(3));
  EXPECT_EQ(meanings.errors(answer(404)), meaning_bit(1) | meaning_bit(2));
}

TEST(ErrorMeanings, NeedNoPathWhereNoneHasOne) {
  const ErrorMeanings meanings({meaning({"404"})});
  EXPECT_FALSE(meanings.asks_for_path());
  EXPECT_EQ(meanings.counting({}), kUsualMeaning | meaning_bit(1));
}

TEST(ErrorMeanings, HaveSixteenPathsAtMost) {
  std::vector<ErrorMeaning> many;
  for (std::size_t i = 0; i < ErrorMeanings::kMaxPaths; ++i)
    many.push_back(meaning({"404"}, {}, {"/" + std::to_string(i)}));
  EXPECT_TRUE(ErrorMeanings::fits(many));
  many.push_back(meaning({"4xx"}, {}, {"/0"}));
  EXPECT_TRUE(ErrorMeanings::fits(many)) << "that path is known";
  many.push_back(meaning({"404"}, {}, {"/other"}));
  EXPECT_FALSE(ErrorMeanings::fits(many));
}

}  // namespace
}  // namespace teal
