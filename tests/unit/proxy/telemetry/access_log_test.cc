#include "proxy/telemetry/access_log.h"

#include <set>
#include <boost/json.hpp>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace teal::proxy {
namespace {

using namespace std::chrono;

AccessRecord full_record() {
  AccessRecord record;
  record.at = WallTime{sys_days{2026y / November / 23} + hours{1} + minutes{14} + seconds{8} +
                       milliseconds{123}};
  record.client = "203.0.113.7";
  record.method = "GET";
  record.target = "/a?b=c";
  record.host = "shop.example.com";
  record.protocol = "HTTP/1.1";
  record.user_agent = "curl/8";
  record.referer = "https://example.com/";
  record.status = 200;
  record.bytes_received = 3;
  record.bytes_sent = 18'446'744'073'709'551'615U;
  record.service = "shop";
  record.group = "green";
  record.upstream = "10.0.0.1:8080";
  record.revision = "v42";
  record.request_id = "id-1";
  record.trace_id = "0af7651916cd43dd8448eb211c80319c";
  record.origin = "target";
  record.attempts = 1;
  record.reused = true;
  record.queue = 0;
  record.connect = 1500;
  record.first_byte = 12'345;
  record.total = 1'000'007;
  return record;
}

std::string json_line(const AccessRecord& record) {
  ByteBuffer out;
  append_json(out, record);
  return std::string(out.view());
}

std::string combined_line(const AccessRecord& record) {
  ByteBuffer out;
  append_combined(out, record);
  return std::string(out.view());
}

boost::json::object parsed(const AccessRecord& record) {
  const std::string line = json_line(record);
  EXPECT_TRUE(line.ends_with("}\n")) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  return boost::json::parse(line).as_object();
}

TEST(AccessLogJson, HasEveryFieldOfTheRecord) {
  const boost::json::object line = parsed(full_record());
  EXPECT_EQ(line.at("time"), "2026-11-23T01:14:08.123Z");
  EXPECT_EQ(line.at("client"), "203.0.113.7");
  EXPECT_EQ(line.at("method"), "GET");
  EXPECT_EQ(line.at("target"), "/a?b=c");
  EXPECT_EQ(line.at("host"), "shop.example.com");
  EXPECT_EQ(line.at("protocol"), "HTTP/1.1");
  EXPECT_EQ(line.at("user_agent"), "curl/8");
  EXPECT_EQ(line.at("referer"), "https://example.com/");
  EXPECT_EQ(line.at("status"), 200);
  EXPECT_EQ(line.at("bytes_received"), 3);
  EXPECT_EQ(line.at("bytes_sent"), 18'446'744'073'709'551'615U);
  EXPECT_EQ(line.at("service"), "shop");
  EXPECT_EQ(line.at("group"), "green");
  EXPECT_EQ(line.at("upstream"), "10.0.0.1:8080");
  EXPECT_EQ(line.at("revision"), "v42");
  EXPECT_EQ(line.at("request_id"), "id-1");
  EXPECT_EQ(line.at("trace_id"), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(line.at("termination"), "ok");
  EXPECT_EQ(line.at("origin"), "target");
  EXPECT_EQ(line.at("attempts"), 1);
  EXPECT_EQ(line.at("reused"), true);
  EXPECT_FALSE(line.contains("detail"));
  EXPECT_EQ(line.size(), 25U);
}

TEST(AccessLogJson, NamesTheStatusOfACallOfGrpc) {
  AccessRecord record = full_record();
  record.grpc_status = "UNAVAILABLE";
  EXPECT_EQ(parsed(record).at("grpc_status"), "UNAVAILABLE");
}

TEST(AccessLogJson, WritesTimersInMillisecondsWithThreeDecimals) {
  const std::string line = json_line(full_record());
  for (const char* timer : {"\"queue_ms\":0.000,", "\"connect_ms\":1.500,",
                            "\"first_byte_ms\":12.345,", "\"duration_ms\":1000.007,"})
    EXPECT_NE(line.find(timer), std::string::npos) << timer << " in " << line;
}

TEST(AccessLogJson, LeavesOutWhatIsAbsent) {
  const boost::json::object line = parsed(AccessRecord{});
  std::set<std::string> keys;
  for (const auto& entry : line) keys.emplace(entry.key());
  EXPECT_EQ(keys, (std::set<std::string>{"time", "status", "termination", "bytes_received",
                                         "bytes_sent", "attempts"}));
  EXPECT_EQ(line.at("time"), "1970-01-01T00:00:00.000Z");
}

TEST(AccessLogJson, EscapesWhatWouldEndAStringOrALine) {
  AccessRecord record;
  const std::string target{"/\"\\\r\n\t\x7f\0\x01", 9};
  record.target = target;
  EXPECT_EQ(parsed(record).at("target").as_string(), target);
}

TEST(AccessLogJson, HasNothingThatATerminalWouldActOn) {
  AccessRecord record;
  record.user_agent = "a\xc2\x9b[2J \xe2\x80\xae \xe2\x80\xa8 \x9b \xc3\xa4";
  const std::string line = json_line(record);
  EXPECT_NE(line.find(R"("a\u009b[2J \u202e \u2028 \u009b )"), std::string::npos) << line;
  EXPECT_NE(line.find("\xc3\xa4\""), std::string::npos) << "letters are shown";
}

TEST(AccessLogJson, PassesUtf8AndEscapesBytesThatAreNot) {
  AccessRecord record;
  record.user_agent = "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xa6 \xed\x95\x9c";
  EXPECT_EQ(parsed(record).at("user_agent").as_string(), record.user_agent);
  const auto user_agent = [&](std::string_view text) {
    record.user_agent = text;
    EXPECT_NO_THROW(parsed(record)) << text;
    const std::string line = json_line(record);
    const std::size_t from = line.find("\"user_agent\":\"") + 14;
    return line.substr(from, line.find('"', from) - from);
  };
  EXPECT_EQ(user_agent("a\xff\xfe"), "a\\u00ff\\u00fe");
  EXPECT_EQ(user_agent("\xc3"), "\\u00c3");                                   // Cut short.
  EXPECT_EQ(user_agent("\xc0\xaf"), "\\u00c0\\u00af");                        // Overlong.
  EXPECT_EQ(user_agent("\xe0\x80\xaf"), "\\u00e0\\u0080\\u00af");             // Overlong.
  EXPECT_EQ(user_agent("\xed\xa0\x80"), "\\u00ed\\u00a0\\u0080");             // A surrogate.
  EXPECT_EQ(user_agent("\xf4\x90\x80\x80"), "\\u00f4\\u0090\\u0080\\u0080");  // Too high.
  EXPECT_EQ(user_agent("\xe2\x82z"), "\\u00e2\\u0082z");
}

TEST(AccessLogJson, IsValidForAnyBytes) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Rng rng{seed};
    std::string bytes;
    // Half of them from the bytes that UTF-8 sequences are made of.
    for (std::uint32_t i = rng.below(24); i > 0; --i)
      bytes += static_cast<char>(rng.below(2) == 0 ? rng.below(256) : 0x80 + rng.below(128));
    AccessRecord record;
    record.target = bytes;
    boost::json::error_code failed;
    const std::string line = json_line(record);
    boost::json::parse(line, failed);
    ASSERT_FALSE(failed) << "seed " << seed << ": " << line;
    ASSERT_EQ(line.find('\n'), line.size() - 1) << "seed " << seed;
  }
}

TEST(AccessLogCombined, IsApachesFormat) {
  AccessRecord record = full_record();
  record.bytes_sent = 2326;
  EXPECT_EQ(combined_line(record),
            "203.0.113.7 - - [23/Nov/2026:01:14:08 +0000] \"GET /a?b=c HTTP/1.1\" 200 2326 "
            "\"https://example.com/\" \"curl/8\"\n");
}

TEST(AccessLogCombined, WritesADashForWhatIsAbsent) {
  EXPECT_EQ(combined_line(AccessRecord{}),
            "- - - [01/Jan/1970:00:00:00 +0000] \"-\" - - \"-\" \"-\"\n");
}

TEST(AccessLogCombined, EscapesQuotesBackslashesControlsAndBytesBeyondAscii) {
  AccessRecord record = full_record();
  record.user_agent = "a\"b\\c\x1b[31m\n\xff";
  EXPECT_TRUE(combined_line(record).ends_with("\"a\\x22b\\x5cc\\x1b[31m\\x0a\\xff\"\n"))
      << combined_line(record);
}

TEST(Termination, HasAWordForEveryEnding) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Termination::shutdown); ++i)
    EXPECT_TRUE(words.insert(to_string(static_cast<Termination>(i))).second) << i;
}

}  // namespace
}  // namespace teal::proxy
