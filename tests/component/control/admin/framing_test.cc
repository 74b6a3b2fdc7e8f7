// Where a request to the control API ends: what Beast's parser would let pass is refused, because a
// proxy before us may read it in another way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/admin_fixture.h"
#include "tests/support/admin_peer.h"

namespace teal::control {
namespace {

using testing::get;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Peer;
using testing::RunningAdmin;
using ::testing::StartsWith;

/// What comes back for a command with these framing fields and bytes, and a second request behind.
std::string answer_to(const std::string& fields, const std::string& bytes,
                      const std::string& version = "1.1") {
  RunningAdmin admin;
  Peer peer(admin.address());
  peer.send("POST /v1/alarms/none HTTP/" + version +
            "\r\nHost: localhost\r\nContent-Type: application/json\r\n" + fields + "\r\n" + bytes +
            get("/livez"));
  peer.shut_down();
  return peer.read_to_end();
}

const std::string kBody = "{\"state\":\"firing\"}";
const std::string kChunked = "12\r\n" + kBody + "\r\n0\r\n";

TEST(AdminFraming, ReadsALengthOrChunksAndTheRequestBehind) {
  for (const std::string& answer :
       {answer_to("Content-Length: 18\r\n", kBody),
        answer_to("Transfer-Encoding: chunked\r\n", kChunked + "\r\n"),
        answer_to("Transfer-Encoding: Chunked\r\n", kChunked + "\r\n")}) {
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(answer, HasSubstr("alive"));
  }
}

TEST(AdminFraming, TakesNoTransferCodingButChunked) {
  for (const char* coding : {"xchunked", "identity", "chunked, identity", "gzip, chunked", "gzip",
                             "\"chunked\"", "chunked, chunked"}) {
    const std::string answer =
        answer_to(std::string("Transfer-Encoding: ") + coding + "\r\n", kChunked + "\r\n");
    EXPECT_THAT(answer, ::testing::AnyOf(StartsWith("HTTP/1.1 501 "), StartsWith("HTTP/1.1 400 ")))
        << coding;
    EXPECT_THAT(answer, Not(HasSubstr("alive"))) << coding;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << coding;
  }
}

TEST(AdminFraming, TakesNoTransferCodingInHttp10) {
  const std::string answer = answer_to("Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n",
                                       kChunked + "\r\n", "1.0");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer, Not(HasSubstr("alive\":")));
}

TEST(AdminFraming, TakesALengthThatIsSaidOnce) {
  for (const char* fields :
       {"Content-Length: 18\r\nContent-Length: 18\r\n", "Content-Length: 18, 18\r\n",
        "Content-Length: 18\r\nContent-Length: 19\r\n", "Content-Length: +18\r\n",
        "Content-Length: 18\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 18\r\n"}) {
    const std::string answer = answer_to(fields, kBody);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << fields;
    EXPECT_THAT(answer, Not(HasSubstr("alive"))) << fields;
  }
}

TEST(AdminFraming, TakesNoFieldsBehindTheBody) {
  for (const char* trailer : {"Host: evil.example\r\n", "If-Match: \"1\"\r\n", "X: y\r\n"}) {
    const std::string answer =
        answer_to("Transfer-Encoding: chunked\r\n", kChunked + trailer + "\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << trailer;
    EXPECT_THAT(answer, HasSubstr("urn:teal:problem:unexpected-trailers")) << trailer;
    EXPECT_THAT(answer, Not(HasSubstr("alive"))) << trailer;
  }
}

}  // namespace
}  // namespace teal::control
