#include "proxy/telemetry/access_log_buffer.h"

#include <utility>

#include "proxy/telemetry/logged_target.h"

namespace teal::proxy {

void AccessLogBuffer::append(AccessRecord& record) {
  ++lines_;
  if (query_ != config::AccessLog::Query::full) [[unlikely]] {
    record.target = logged_target(record.target, query_, target_);
    record.referer = logged_target(record.referer, query_, referer_);
  }
  switch (format_) {
    case config::AccessLog::Format::off: return;
    case config::AccessLog::Format::json: append_json(lines_text_, record); return;
    case config::AccessLog::Format::combined: append_combined(lines_text_, record); return;
  }
}

void AccessLogBuffer::hand_over(Shard& counters) {
  const std::uint64_t lines = std::exchange(lines_, 0);
  if (lines_text_.empty() || writer_ == nullptr) return;
  if (!writer_->submit(lines_text_)) counters[Stat::access_log_dropped].add(lines);
}

}  // namespace teal::proxy
