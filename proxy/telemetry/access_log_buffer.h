// AccessLogBuffer: the lines of one worker that are on their way to the access log's writer, which
// gets them in batches: its lock is taken once per batch.
//
// Owned by its worker's loop, used by the worker's thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "config/config.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

class AccessLogBuffer {
 public:
  /// `writer`: null, where nobody writes.
  AccessLogBuffer(config::AccessLog::Format format, config::AccessLog::Query query,
                  AccessLogWriter* writer)
      : format_(format), query_(query), writer_(writer) {}

  /// Lines to come are for another log. Requires: nothing is waiting.
  void configure(config::AccessLog::Format format, config::AccessLog::Query query,
                 AccessLogWriter* writer) {
    format_ = format;
    query_ = query;
    writer_ = writer;
  }

  /// One line more, if the log is on. The record's texts may be cut.
  void append(AccessRecord& record);
  /// There is enough for a batch.
  bool is_full() const { return lines_text_.size() >= kBatch; }
  /// Gives the writer what there is; what it does not take is dropped and counted.
  void hand_over(Shard& counters);
  /// The lines that have not been handed over.
  std::string_view waiting() const { return lines_text_.view(); }

 private:
  static constexpr std::size_t kBatch = std::size_t{32} * 1024;

  config::AccessLog::Format format_;
  config::AccessLog::Query query_;
  AccessLogWriter* writer_;
  ByteBuffer lines_text_;
  std::uint64_t lines_ = 0;      ///< In lines_text_.
  ByteBuffer target_, referer_;  ///< Without what is not to be logged.
};

}  // namespace teal::proxy
