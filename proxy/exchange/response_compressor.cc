#include "proxy/exchange/response_compressor.h"

#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

std::unique_ptr<ResponseCompressor> ResponseCompressor::make(WorkerLoop& loop, Coding coding) {
  std::unique_ptr<Compressor> compressor = loop.take_compressor(coding);
  if (!compressor) return nullptr;
  return std::unique_ptr<ResponseCompressor>(new ResponseCompressor(loop, std::move(compressor)));
}

ResponseCompressor::~ResponseCompressor() {
  loop_.give_back(std::move(compressor_));
}

ResponseCompressor::Made ResponseCompressor::make(Step step, std::string_view bytes) {
  switch (step) {
    case Step::put: return put(bytes);
    case Step::flush: return flush();
    case Step::finish: return finish();
  }
  return std::nullopt;
}

ResponseCompressor::Made ResponseCompressor::put(std::string_view bytes) {
  loop_.counters()[Stat::compression_bytes_in].add(bytes.size());
  has_unflushed_ = true;
  made_.clear();
  return made(compressor_->put(bytes, made_));
}

ResponseCompressor::Made ResponseCompressor::flush() {
  made_.clear();
  return made(!std::exchange(has_unflushed_, false) || compressor_->flush(made_));
}

ResponseCompressor::Made ResponseCompressor::finish() {
  made_.clear();
  return made(compressor_->finish(made_));
}

ResponseCompressor::Made ResponseCompressor::made(bool is_good) {
  if (!is_good) return std::nullopt;
  loop_.counters()[Stat::compression_bytes_out].add(made_.size());
  return made_.view();
}

std::unique_ptr<ResponseCompressor> begin_compression(const net::RequestHead& request,
                                                      net::ResponseHead& head, EditedHead& edited,
                                                      const config::Compression& rules,
                                                      std::optional<Coding> liked,
                                                      WorkerLoop& loop) {
  if (head.status == 304) {
    // It says what the 200 would have said of caches (RFC 9110, section 15.4.5), and seldom of
    // which type that is.
    const bool is_of_ours = liked && is_of_compressed(request, head);
    edited.own(head);
    if (is_of_ours)
      mark_not_modified(head, edited.bytes());
    else
      mark_compressed(head, std::nullopt, edited.bytes());
    return nullptr;
  }
  if (!is_compressible(request, head, rules)) return nullptr;
  edited.own(head);
  Shard& counters = loop.counters();
  const bool has_body = request.method != net::Method::head;
  std::unique_ptr<ResponseCompressor> compressor;
  if (liked && has_body) compressor = ResponseCompressor::make(loop, *liked);
  if (liked && has_body && !compressor) {
    counters[Stat::compressions_skipped].add();
    liked.reset();
  }
  mark_compressed(head, liked, edited.bytes());
  if (compressor)
    counters[*liked == Coding::gzip ? Stat::compressed_gzip : Stat::compressed_brotli].add();
  return compressor;
}

}  // namespace teal::proxy
