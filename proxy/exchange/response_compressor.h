// ResponseCompressor: compresses the body of one response on its way to the client
// (proxy/headers/compress.h), where the route says so and the client likes it.
//
// Owned by its exchange and there only where it compresses; its worker's thread. Does not send.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/byte_buffer.h"
#include "config/compression.h"
#include "net/http/message.h"
#include "proxy/headers/compress.h"

namespace teal::proxy {

class WorkerLoop;

/// A response head that is not sent as it came: its bytes in a copy that may be edited.
class EditedHead {
 public:
  /// The head refers to the copy from now on.
  void own(net::ResponseHead& head) {
    if (head.fields.bytes() == bytes_.data()) return;
    bytes_.clear();
    bytes_ += std::string_view(head.fields.bytes(), head.size);
    head.fields.rebase(bytes_.data());
  }
  ByteBuffer& bytes() { return bytes_; }

 private:
  ByteBuffer bytes_;
};

class ResponseCompressor {
 public:
  /// Null: the worker has as many as it may, or there is no memory.
  static std::unique_ptr<ResponseCompressor> make(WorkerLoop& loop, Coding coding);
  ~ResponseCompressor();
  ResponseCompressor(const ResponseCompressor&) = delete;
  ResponseCompressor& operator=(const ResponseCompressor&) = delete;

  // Each gives what is to be sent now, which lives until the next call and may be empty. Nothing:
  // it has failed, and the response is broken.
  using Made = std::optional<std::string_view>;
  enum class Step : std::uint8_t { put, flush, finish };
  /// `bytes`: of put.
  Made make(Step step, std::string_view bytes);
  Made put(std::string_view bytes);
  /// What came is not kept back: a stream of events may have no more for a long time.
  Made flush();
  Made finish();

 private:
  ResponseCompressor(WorkerLoop& loop, std::unique_ptr<Compressor> compressor)
      : loop_(loop), compressor_(std::move(compressor)) {}
  Made made(bool is_good);

  WorkerLoop& loop_;
  std::unique_ptr<Compressor> compressor_;
  bool has_unflushed_ = false;
  ByteBuffer made_;  ///< Of the last input.
};

/// Says in the response's head what its client and caches are to know of compression, and counts
/// it. `liked`: by the client. Null: the body goes as it comes.
std::unique_ptr<ResponseCompressor> begin_compression(const net::RequestHead& request,
                                                      net::ResponseHead& head, EditedHead& edited,
                                                      const config::Compression& rules,
                                                      std::optional<Coding> liked,
                                                      WorkerLoop& loop);

}  // namespace teal::proxy
