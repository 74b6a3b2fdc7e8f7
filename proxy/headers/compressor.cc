// The streams of proxy/headers/compress.h, over zlib and brotli.
#include <brotli/encode.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "proxy/headers/compress.h"

namespace teal::proxy {
namespace {

constexpr std::size_t kPiece = std::size_t{16} * 1024;
/// Where more costs much time and brings little (nginx's and Caddy's neighbourhood).
constexpr int kGzipLevel = 5;
constexpr int kGzipWindow = 15 + 16;  // with a gzip header
constexpr int kGzipMemory = 8;
constexpr std::uint32_t kBrotliQuality = 4;
constexpr std::uint32_t kBrotliWindow = 17;

class Gzip final : public Compressor {
 public:
  static std::unique_ptr<Compressor> make() {
    std::unique_ptr<Gzip> made(new Gzip);
    if (!made->is_ready_) return nullptr;
    return made;
  }
  ~Gzip() override {
    if (is_ready_) ::deflateEnd(&stream_);
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  bool put(std::string_view bytes, ByteBuffer& out) override { return run(bytes, Z_NO_FLUSH, out); }
  bool flush(ByteBuffer& out) override { return run({}, Z_SYNC_FLUSH, out); }
  bool finish(ByteBuffer& out) override { return run({}, Z_FINISH, out); }

 private:
  Gzip()
      : is_ready_(::deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, kGzipMemory,
                                 Z_DEFAULT_STRATEGY) == Z_OK) {}

  bool run(std::string_view bytes, int how, ByteBuffer& out) {
    // zlib does not write to its input, and has no word for that in this version.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(out.room(kPiece));
      stream_.avail_out = kPiece;
      const int result = ::deflate(&stream_, how);
      out.advance(kPiece - stream_.avail_out);
      if (result == Z_STREAM_END) return true;
      // Z_BUF_ERROR: there was nothing left to do, as after a flush that filled its room exactly.
      if (result != Z_OK && result != Z_BUF_ERROR) return false;
    } while (stream_.avail_out == 0);
    return stream_.avail_in == 0;
  }

  z_stream stream_{};
  bool is_ready_;
};

class Brotli final : public Compressor {
 public:
  static std::unique_ptr<Compressor> make() {
    BrotliEncoderState* const state = ::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
    if (state == nullptr) return nullptr;
    ::BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, kBrotliQuality);
    ::BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, kBrotliWindow);
    return std::unique_ptr<Compressor>(new Brotli(state));
  }
  ~Brotli() override { ::BrotliEncoderDestroyInstance(state_); }
  Brotli(const Brotli&) = delete;
  Brotli& operator=(const Brotli&) = delete;

  bool put(std::string_view bytes, ByteBuffer& out) override {
    return run(bytes, BROTLI_OPERATION_PROCESS, out);
  }
  bool flush(ByteBuffer& out) override { return run({}, BROTLI_OPERATION_FLUSH, out); }
  bool finish(ByteBuffer& out) override { return run({}, BROTLI_OPERATION_FINISH, out); }

 private:
  explicit Brotli(BrotliEncoderState* state) : state_(state) {}

  bool run(std::string_view bytes, BrotliEncoderOperation how, ByteBuffer& out) {
    std::size_t left = bytes.size();
    const auto* next = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t room = 0;
    do {
      if (::BrotliEncoderCompressStream(state_, how, &left, &next, &room, nullptr, nullptr) ==
          BROTLI_FALSE)
        return false;
      std::size_t size = 0;  // all there is
      const std::uint8_t* const made = ::BrotliEncoderTakeOutput(state_, &size);
      out += std::string_view(reinterpret_cast<const char*>(made), size);
    } while (left > 0 || ::BrotliEncoderHasMoreOutput(state_) == BROTLI_TRUE);
    return true;
  }

  BrotliEncoderState* state_;
};

}  // namespace

std::unique_ptr<Compressor> Compressor::make(Coding coding) {
  return coding == Coding::gzip ? Gzip::make() : Brotli::make();
}

}  // namespace teal::proxy
