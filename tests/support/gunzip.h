// Unpacks what gzip has packed, by zlib.
#pragma once

#include <zlib.h>

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace teal::test {

inline std::string gunzip(std::string_view packed) {
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  std::string bytes(packed);
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::array<char, 4096> piece{};
  int result = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    result = ::inflate(&stream, Z_SYNC_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
  } while (result == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
  ::inflateEnd(&stream);
  return out;
}

}  // namespace teal::test
