#include "proxy/channel.h"

#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "base/assert.h"
#include "proxy/worker.h"

namespace teal::proxy {

void Gather::own(Channel& owner) {
  if (owner_ == &owner) return;
  flush();
  owner_ = &owner;
}

Text& Gather::begin_text(Channel& owner) {
  own(owner);
  text_begin_ = text_.size();
  return text_;
}

void Gather::end_text() {
  const std::size_t size = text_.size() - text_begin_;
  if (size == 0) return;
  if (!pieces_.empty() && pieces_.back().outside == nullptr) {
    pieces_.back().size += size;  // pieces in text_ follow each other
    return;
  }
  pieces_.push_back({nullptr, text_begin_, size});
}

void Gather::view(Channel& owner, std::string_view bytes) {
  if (bytes.empty()) return;
  if (bytes.size() <= kCopied) {
    begin_text(owner) += bytes;
    end_text();
    return;
  }
  own(owner);
  pieces_.push_back({bytes.data(), 0, bytes.size()});
  if (pieces_.size() >= kPieces) {
    flush();
    owner_ = &owner;
  }
}

void Gather::flush() {
  if (owner_ != nullptr && !pieces_.empty()) owner_->take(pieces_, text_);
  owner_ = nullptr;
  pieces_.clear();
  text_.clear();
}

void Gather::forget(const Channel& owner) {
  if (owner_ != &owner) return;
  owner_ = nullptr;
  pieces_.clear();
  text_.clear();
}

Channel::Channel(Worker& worker, net::Stream stream)
    : worker_(worker), stream_(std::move(stream)) {}

net::Stream Channel::release_stream() {
  TEAL_ASSERT(pending_.empty());
  const boost::intrusive_ptr<Channel> alive(this);
  readable_ = false;
  if (std::exchange(watched_, false)) worker_.reactor().remove(stream_.socket().fd(), *this);
  return std::move(stream_);
}

Channel::~Channel() {
  TEAL_ASSERT(!watched_);
}

Result<void> Channel::watch() {
  const Result<void> added = worker_.reactor().add(stream_.socket().fd(), *this);
  watched_ = added.has_value();
  return added;
}

void Channel::close_channel() {
  worker_.gather().forget(*this);
  if (!stream_.is_open()) return;
  const int fd = stream_.socket().fd();
  readable_ = false;
  free_memory(pending_);
  pending_at_ = 0;
  const boost::intrusive_ptr<Channel> alive(this);
  if (std::exchange(watched_, false)) worker_.reactor().remove(fd, *this);
  stream_.close();
}

Text& Channel::begin_text() {
  return worker_.gather().begin_text(*this);
}
void Channel::end_text() {
  worker_.gather().end_text();
}
void Channel::write_view(std::string_view bytes) {
  worker_.gather().view(*this, bytes);
}

void Channel::take(const std::vector<Gather::Piece>& pieces, const Text& text) {
  if (!stream_.is_open() || broken_) return;
  if (!connected_ || !pending_.empty()) {
    keep_unwritten(pieces, text, 0);
    return;
  }
  std::array<iovec, Gather::kPieces> vectors;
  std::size_t asked = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto& piece = pieces[i];
    const char* bytes = piece.outside != nullptr ? piece.outside : text.data() + piece.at;
    vectors[i] = {const_cast<char*>(bytes), piece.size};
    asked += piece.size;
  }
  const net::WriteResult wrote = stream_.write(std::span(vectors.data(), pieces.size()));
  if (wrote.error != 0) {
    broken_ = true;
    worker_.resume_soon(*this);
    return;
  }
  written_ += wrote.size;
  if (wrote.size < asked) keep_unwritten(pieces, text, wrote.size);
}

void Channel::keep_unwritten(const std::vector<Gather::Piece>& pieces, const Text& text,
                             std::size_t written) {
  for (const auto& piece : pieces) {
    if (written >= piece.size) {
      written -= piece.size;
      continue;
    }
    const char* bytes = piece.outside != nullptr ? piece.outside : text.data() + piece.at;
    pending_.append(bytes + written, piece.size - written);
    written = 0;
  }
}

void Channel::connected() {
  connected_ = true;
  write_pending();
}

bool Channel::write_pending() {
  if (!connected_ || broken_) return !is_blocked();
  if (!is_blocked()) return true;
  const iovec rest{pending_.data() + pending_at_, pending_.size() - pending_at_};
  const net::WriteResult wrote = stream_.write(std::span(&rest, pending_.empty() ? 0 : 1));
  if (wrote.error != 0) {
    broken_ = true;
    worker_.resume_soon(*this);
    return false;
  }
  written_ += wrote.size;
  pending_at_ += wrote.size;
  if (pending_at_ < pending_.size()) return false;
  free_memory(pending_);
  pending_at_ = 0;
  return !stream_.has_unsent();
}

void Channel::mark_ready(net::Readiness ready) {
  readable_ = readable_ || ready.read;
  ended_ = ended_ || ready.ended;
}

net::ReadResult Channel::read_behind(std::string_view kept, std::size_t most) {
  const std::span<char> scratch = worker_.scratch(kept.size() + most);
  if (!kept.empty() && kept.data() != scratch.data())
    std::memmove(scratch.data(), kept.data(), kept.size());
  net::ReadResult result = stream_.read(scratch.subspan(kept.size(), most));
  // After the peer's end no readiness comes any more: go on until recv() shows it.
  if (ended_ && !result.eof && result.error == 0 && result.size > 0) result.drained = false;
  if (result.drained) readable_ = false;
  return result;
}

}  // namespace teal::proxy
