#include "proxy/loop/channel.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "base/assert.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

void WriteBatch::own(Channel& owner) {
  flush();
  owner_ = &owner;
}

void WriteBatch::view(Channel& owner, std::string_view bytes) {
  if (bytes.size() <= kCopied) {
    text(owner) += bytes;
    return;
  }
  chunks_.push_back({text(owner).size(), bytes});
  if (chunks_.size() >= kMaxChunks) {
    flush();
    owner_ = &owner;
  }
}

void WriteBatch::flush() {
  if (owner_ == nullptr) return;
  if (!chunks_.empty())
    flush_chunks();
  else if (!text_.empty())
    owner_->take(text_.view());
  clear();
}

/// By itself, so that what needs no vectors does not pay for the guard of theirs.
[[gnu::noinline]] void WriteBatch::flush_chunks() {
  std::array<iovec, 2 * kMaxChunks + 1> vectors;
  std::size_t count = 0;
  std::size_t text_begin = 0;
  const auto add = [&](std::string_view bytes) {
    if (!bytes.empty()) vectors[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
  };
  for (const Chunk& chunk : chunks_) {
    add(text_.view().substr(text_begin, chunk.text_end - text_begin));
    add(chunk.outside);
    text_begin = chunk.text_end;
  }
  add(text_.view().substr(text_begin));
  owner_->take(std::span(vectors.data(), count));
}

void WriteBatch::forget(const Channel& owner) {
  if (owner_ == &owner) clear();
}

void WriteBatch::clear() {
  owner_ = nullptr;
  chunks_.clear();
  text_.clear();
}

Channel::Channel(WorkerLoop& loop, net::Stream stream) : loop_(loop), stream_(std::move(stream)) {}

net::Stream Channel::release_stream() {
  TEAL_ASSERT(pending_.empty());
  const boost::intrusive_ptr<Channel> alive(this);
  is_readable_ = false;
  if (std::exchange(is_watched_, false)) loop_.reactor().remove(stream_.socket().fd(), *this);
  return std::move(stream_);
}

Channel::~Channel() {
  TEAL_ASSERT(!is_watched_);
}

Result<void> Channel::watch() {
  const Result<void> added = loop_.reactor().add(stream_.socket().fd(), *this);
  is_watched_ = added.has_value();
  return added;
}

void Channel::close_channel() {
  loop_.writes().forget(*this);
  if (!stream_.is_open()) return;
  is_readable_ = false;
  free_memory(pending_);
  pending_at_ = 0;
  if (pipe_) loop_.pipes().give_back(std::move(pipe_));
  const boost::intrusive_ptr<Channel> alive(this);
  stream_.close();
  if (std::exchange(is_watched_, false)) loop_.reactor().remove_closed(*this);
}

ByteBuffer& Channel::output() {
  return loop_.writes().text(*this);
}
void Channel::write_view(std::string_view bytes) {
  loop_.writes().view(*this, bytes);
}

void Channel::take(std::string_view bytes) {
  if (!stream_.is_open() || is_broken_) return;
  if (!can_write()) {
    pending_ += bytes;
    return;
  }
  const net::WriteResult wrote = stream_.write(bytes, is_last_output_);
  if (wrote.error != 0) {
    on_write_failed();
    return;
  }
  written_ += wrote.size;
  if (wrote.size < bytes.size()) pending_ += bytes.substr(wrote.size);
}

void Channel::take(std::span<const iovec> pieces) {
  if (!stream_.is_open() || is_broken_) return;
  if (!can_write()) {
    keep_unwritten(pieces, 0);
    return;
  }
  const net::WriteResult wrote = stream_.write(pieces, is_last_output_);
  if (wrote.error != 0) {
    on_write_failed();
    return;
  }
  written_ += wrote.size;
  keep_unwritten(pieces, wrote.size);
}

void Channel::on_write_failed() {
  is_broken_ = true;
  loop_.resume_soon(*this);
}

void Channel::keep_unwritten(std::span<const iovec> pieces, std::size_t written) {
  for (const iovec& chunk : pieces) {
    const std::size_t taken = std::min(written, chunk.iov_len);
    written -= taken;
    pending_.append(static_cast<const char*>(chunk.iov_base) + taken, chunk.iov_len - taken);
  }
}

void Channel::connected() {
  is_connected_ = true;
  write_pending();
}

bool Channel::write_pending() {
  if (!is_connected_ || is_broken_) return !is_blocked();
  if (!is_blocked()) return true;
  if (pipe_ && !empty_pipe()) return false;
  if (!is_blocked()) return true;
  const net::WriteResult wrote = stream_.write(std::string_view(pending_).substr(pending_at_));
  if (wrote.error != 0) {
    on_write_failed();
    return false;
  }
  written_ += wrote.size;
  pending_at_ += wrote.size;
  if (pending_at_ < pending_.size()) return false;
  free_memory(pending_);
  pending_at_ = 0;
  if (stream_.has_unsent()) return false;
  if (std::exchange(ends_output_, false)) stream_.finish_writing();
  return true;
}

std::optional<net::ReadResult> Channel::splice_from(Channel& from, std::size_t most) {
  if (stream_.tls() != nullptr || from.stream_.tls() != nullptr) return std::nullopt;
  loop_.writes().flush();
  if (!stream_.is_open() || is_broken_ || !is_connected_ || is_blocked()) return std::nullopt;
  pipe_ =
      loop_.pipes().take(loop_.shared().descriptors_for_targets.load(std::memory_order_relaxed));
  if (!pipe_) {
    loop_.counters()[Stat::splices_without_pipe].add();
    return std::nullopt;
  }
  const net::ReadResult result = pipe_->fill(from.stream_.socket(), most);
  if (result.drained) from.is_readable_ = false;
  empty_pipe();
  return result;
}

/// True if it is empty, and given back.
bool Channel::empty_pipe() {
  const net::WriteResult wrote =
      pipe_->size() == 0 ? net::WriteResult{} : pipe_->empty_into(stream_.socket());
  if (wrote.error != 0) {
    on_write_failed();
    return false;
  }
  written_ += wrote.size;
  if (pipe_->size() > 0) return false;
  loop_.pipes().give_back(std::move(pipe_));
  return true;
}

void Channel::finish_output() {
  loop_.writes().flush();
  if (!stream_.is_open()) return;
  ends_output_ = is_blocked();
  if (!ends_output_) stream_.finish_writing();
}

void Channel::mark_ready(net::Readiness ready) {
  is_readable_ = is_readable_ || ready.read;
  has_ended_ = has_ended_ || ready.ended;
}

net::ReadResult Channel::read_behind(std::string_view kept, std::size_t most) {
  const std::span<char> scratch = loop_.scratch(kept.size() + most);
  if (!kept.empty() && kept.data() != scratch.data())
    std::memmove(scratch.data(), kept.data(), kept.size());
  net::ReadResult result = stream_.read(scratch.subspan(kept.size(), most));
  // After the peer's end no readiness comes any more: go on until recv() shows it.
  if (has_ended_ && !result.eof && result.error == 0 && result.size > 0) result.drained = false;
  if (result.drained) is_readable_ = false;
  return result;
}

}  // namespace teal::proxy
