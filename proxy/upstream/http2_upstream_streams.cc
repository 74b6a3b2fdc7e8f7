// The streams of Http2Upstream: whether one more has room, and how one comes and goes. What the
// connection reads and writes for them is proxy/upstream/http2_upstream.cc.
#include <algorithm>
#include <utility>

#include "proxy/loop/worker_loop.h"
#include "proxy/upstream/http2_upstream.h"

namespace teal::proxy {

Http2Upstream* Http2Upstream::with_room(TargetRuntime& target, bool fresh) {
  for (const auto& each : target.connections().http2)
    if (auto* const upstream = static_cast<Http2Upstream*>(each.get()); upstream->has_room(fresh))
      return upstream;
  return nullptr;
}

bool Http2Upstream::has_room(bool fresh) const {
  const std::uint32_t most = target_->spec().upstream.concurrent_streams;
  if (phase_ < Phase::open) return !is_stale_ && streams_.size() < most && !is_at_its_end();
  return phase_ == Phase::open && !fresh && !is_broken() && !is_pinged_ &&
         session_->accepts_streams() && streams_.size() < std::min(most, session_->max_streams()) &&
         !is_at_its_end();
}

/// It has had as many requests as the one that the target left, and has not shown yet that it
/// outlives them.
bool Http2Upstream::is_at_its_end() const {
  const std::uint32_t most = target_->connections().left_after;
  return most > 0 && requests_ >= most && requests_ - streams_.size() < most;
}

/// The target has left: what it does not take is closed, and is to find the next one no longer.
void Http2Upstream::note_leaving() {
  const std::uint32_t taken = session_->streams_taken().value_or(0);
  if (taken > 0 && taken < requests_) target_->connections().left_after = taken;
}

void Http2Upstream::note_staying() {
  const std::uint32_t most = target_->connections().left_after;
  if (most > 0 && requests_ - streams_.size() >= most && session_->accepts_streams()) [[unlikely]]
    target_->connections().left_after = 0;
}

TargetSide& Http2Upstream::open_stream(Exchange& exchange, const UpstreamOptions& wanted) {
  const bool is_kept = requests_ > 0 && is_ready();
  if (is_kept) (*target_->stats)[ServiceStat::upstream_reuses].add();
  if (std::exchange(is_idle_, false)) {
    end_idle();
    note_need();
  }
  // The silence of one that was not spoken to says nothing.
  if (streams_.empty()) last_input_ = next_ping_ = loop_.now();
  add(std::make_unique<Http2TargetStream>(*this, streams_.size(), exchange, wanted, is_kept));
  return *streams_.back();
}

void Http2Upstream::add(std::unique_ptr<Http2TargetStream> stream) {
  stream->set_index(streams_.size());
  streams_.push_back(std::move(stream));
  ++attached_;
  ++requests_;
}

std::unique_ptr<Http2TargetStream> Http2Upstream::take_out(std::size_t index) {
  if (index + 1 != streams_.size()) {
    streams_.back()->set_index(index);
    std::swap(streams_[index], streams_.back());
  }
  std::unique_ptr<Http2TargetStream> stream = std::move(streams_.back());
  streams_.pop_back();
  return stream;
}

void Http2Upstream::retire_if_finished(const Http2TargetStream& stream) {
  const std::size_t index = stream.index();
  const bool is_here = index < streams_.size() && streams_[index].get() == &stream;
  if (is_here && stream.is_over()) finished_streams_.push_back(take_out(index));
}

/// It is not wanted any more once nobody has a request on it.
bool Http2Upstream::is_leaving() const {
  return phase_ != Phase::open || target_->is_retired || loop_.is_draining();
}

void Http2Upstream::on_left(Http2TargetStream& stream) {
  --attached_;
  if (phase_ == Phase::closed) return;
  if (phase_ < Phase::open) is_stale_ = true;
  retire_if_finished(stream);
  if (attached_ == 0 && is_leaving())
    end();
  else
    resume_after_turn();
}

void Http2Upstream::retire() {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::open) phase_ = Phase::draining;
  if (attached_ == 0) end();
}

/// One more of the target's is in use.
void Http2Upstream::note_need() {
  TargetConnections& connections = target_->connections();
  connections.need_http2.saw(static_cast<std::uint32_t>(connections.http2.size()) -
                             connections.idle_http2.size());
}

void Http2Upstream::leave_pool() {
  std::erase(target_->connections().http2, boost::intrusive_ptr<KeptConnection>(this));
}

}  // namespace teal::proxy
