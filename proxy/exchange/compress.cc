// The part of Exchange that compresses what a target answers (proxy/headers/compress.h), where the
// route says so.
#include <utility>

#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

/// `head` is that of the response, in a copy that may be edited.
void Exchange::compress_response(net::ResponseHead& head) {
  const config::Compression& rules = *actions()->compress;
  if (info_.http10) return;
  if (head.status == 304) {
    // It says what the 200 would have said of caches (RFC 9110, section 15.4.5), and seldom of
    // which type that is.
    const bool is_of_ours = liked_ && is_of_compressed(head_, head);
    own_head(head);
    if (is_of_ours)
      mark_not_modified(head, edited_);
    else
      mark_compressed(head, std::nullopt, edited_);
    return;
  }
  if (!is_compressible(head_, head, rules)) return;
  own_head(head);
  Shard& counters = loop_.counters();
  std::optional<Coding> coding = liked_;
  const bool has_body = head_.method != net::Method::head;
  if (coding && has_body) compressor_ = loop_.take_compressor(*coding);
  if (coding && has_body && !compressor_) {
    counters[Stat::compressions_skipped].add();
    coding.reset();
  }
  mark_compressed(head, coding, edited_);
  if (!compressor_) return;
  counters[*coding == Coding::gzip ? Stat::compressed_gzip : Stat::compressed_brotli].add();
  response_.framing = {net::Framing::Kind::chunked, 0};
}

void Exchange::send_compressed(std::string_view bytes) {
  loop_.counters()[Stat::compression_bytes_in].add(bytes.size());
  has_unflushed_ = true;
  pass_compressed(compressor_->put(bytes, packed_));
}

/// What came is not kept back: a stream of events may have no more for a long time.
void Exchange::flush_compressed() {
  if (std::exchange(has_unflushed_, false)) pass_compressed(compressor_->flush(packed_));
}

bool Exchange::finish_compressed() {
  if (!pass_compressed(compressor_->finish(packed_))) return false;
  end_compression();
  return true;
}

void Exchange::end_compression() {
  loop_.give_back(std::move(compressor_));
  has_unflushed_ = false;
  packed_ = {};
}

bool Exchange::pass_compressed(bool is_good) {
  if (!is_good) {
    drop_upstream(false);
    truncate(Termination::compression_failed, Origin::teal);
    return false;
  }
  if (packed_.empty()) return true;
  loop_.counters()[Stat::compression_bytes_out].add(packed_.size());
  response_.bytes_sent += packed_.size();
  client_->send_body(packed_.view());
  loop_.gather().flush();  // the views into it end here
  packed_.clear();
  return true;
}

}  // namespace teal::proxy
