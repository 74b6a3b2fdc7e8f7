#include "net/http1/writer.h"

#include <charconv>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "base/byte_buffer.h"
#include "net/http/refusal.h"

namespace teal::net {
namespace {

TEST(Http1Writer, WritesTheTargetsReasonOrTheRegisteredOne) {
  ByteBuffer out;
  BufferWriter writer = put_status_line(out.reserve_writer(128), 200, "");
  writer = put_status_line(writer, 404, "Nothing here");
  out.commit(put_status_line(writer, 299, ""));
  EXPECT_EQ(out.view(), "HTTP/1.1 200 OK\r\nHTTP/1.1 404 Nothing here\r\nHTTP/1.1 299 Unknown\r\n");
}

TEST(Http1Writer, WritesFieldsBehindWhatIsThere) {
  ByteBuffer out;
  out += "x";
  const std::string_view name = "x-empty";
  out.commit(put_field(put_field(out.reserve_writer(64), "via", "1.1 teal"), name, ""));
  EXPECT_EQ(out.view(), "xvia: 1.1 teal\r\nx-empty: \r\n");
}

TEST(Http1Writer, WritesLengthsInFull) {
  ByteBuffer out;
  out.commit(put_content_length(put_content_length(out.reserve_writer(128), 0), UINT64_MAX));
  EXPECT_EQ(out.view(), "content-length: 0\r\ncontent-length: 18446744073709551615\r\n");
}

TEST(Http1Writer, KnowsAReasonForEveryStatusThatTealGives) {
  for (const int status : {400, 404, 408, 413, 414, 429, 431, 500, 501, 502, 503, 504, 505})
    EXPECT_NE(reason_phrase(static_cast<std::uint16_t>(status)), "Unknown") << status;
  for (std::size_t i = 0; i < kRefusals; ++i)
    EXPECT_NE(reason_phrase(status_of(static_cast<Refusal>(i))), "Unknown");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(306), "Unknown");
  EXPECT_EQ(reason_phrase(0), "Unknown");
}

TEST(Http1Writer, WritesChunkSizesThatReadBack) {
  EXPECT_EQ(chunk_header(0x1f40).view(), "1f40\r\n");
  EXPECT_EQ(chunk_header(UINT64_MAX).view(), "ffffffffffffffff\r\n");
  for (unsigned bit = 0; bit < 64; ++bit)
    for (const std::uint64_t size : {std::uint64_t{1} << bit, (std::uint64_t{2} << bit) - 1}) {
      const ChunkHeader header = chunk_header(size);
      std::uint64_t read = 0;
      const auto [end, error] =
          std::from_chars(header.text.data(), header.text.data() + header.size, read, 16);
      EXPECT_EQ(error, std::errc{});
      EXPECT_EQ(read, size);
      EXPECT_EQ(std::string_view(end, 2), "\r\n");
      EXPECT_EQ(header.view().size(), static_cast<std::size_t>(end - header.text.data()) + 2);
      EXPECT_NE(header.view().front(), '0');
    }
}

TEST(Http1WriterDeathTest, WritesNoEmptyChunkForItWouldEndTheBody) {
  EXPECT_DEATH(static_cast<void>(chunk_header(0)), "size > 0");
}

}  // namespace
}  // namespace teal::net
