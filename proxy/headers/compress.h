// Compression of responses: whether one may be (RFC 9110, sections 8.4 and 12.5.3), what its head
// says then, and the streams of gzip and brotli. Streaming: what came with one read leaves,
// flushed, before the next one; nothing is collected.
//
// The rules are pure. A compressor belongs to one exchange; its memory is bounded: 300 KiB of gzip,
// some 1 MiB of brotli, so workers bound their number (kMaxCompressors).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/byte_buffer.h"
#include "config/compression.h"
#include "net/http/message.h"

namespace teal::proxy {

/// At once in one worker; more responses go uncompressed.
inline constexpr std::uint32_t kMaxCompressors = 128;

enum class Coding : std::uint8_t { gzip, brotli };
std::string_view to_string(Coding coding);

/// What the client likes best of what is offered; nothing: the response as it is. Without a word of
/// it (Accept-Encoding) nothing is sent that it may not understand.
std::optional<Coding> choose_coding(const net::Fields& request, const config::Compression& offered);

/// Whether a response of that kind is compressed for clients that like it: by status, type, length
/// and what the target says of caches, codings and ranges. The answer to HEAD is what it would be
/// to GET.
bool is_compressible(const net::RequestHead& request, const net::ResponseHead& response,
                     const config::Compression& rules);

/// Says that the response depends on Accept-Encoding; with a coding, that it is so coded, that its
/// ETag is of the same meaning but not the same bytes, and that it has no ranges and no length.
/// `bytes` is what the fields refer to.
void mark_compressed(net::ResponseHead& head, std::optional<Coding> coding, ByteBuffer& bytes);

/// Whether a 304 tells its client of a compressed response: the client's If-None-Match has the weak
/// form of the ETag, which it has from there. (By itself a 304 says too little to know it.)
bool is_of_compressed(const net::RequestHead& request, const net::ResponseHead& response);
/// Says of such a 304 what the response said, for caches to find it by (RFC 9110, section 15.4.5).
void mark_not_modified(net::ResponseHead& head, ByteBuffer& bytes);

class Compressor {
 public:
  /// Null: there is no memory for one.
  static std::unique_ptr<Compressor> make(Coding coding);
  virtual ~Compressor() = default;

  // Each appends to `out`; false: it has failed, and the response is broken.
  virtual bool put(std::string_view bytes, ByteBuffer& out) = 0;
  /// All that was put can be read by the client now.
  virtual bool flush(ByteBuffer& out) = 0;
  virtual bool finish(ByteBuffer& out) = 0;
};

}  // namespace teal::proxy
