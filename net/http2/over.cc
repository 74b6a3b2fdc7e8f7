// The part of Http2Session that deals with frames for streams that are over, or must not have them:
// where nghttp2 says nothing of them, or more than RFC 9113 asks for.
#include <utility>

#include "net/http2/parts.h"

namespace teal::net {

/// Reads what comes before the last frame that is looked at here, each of them when everything
/// before it was read, and says how much that is.
std::size_t Http2Session::feed_with_looks(std::string_view bytes) {
  std::size_t at = 0;
  std::size_t fed = 0;
  while (const auto frame = walk_.next(bytes, at)) {
    const bool is_own_priority =
        frame->type == NGHTTP2_PRIORITY && frame->stream != 0 && frame->depends_on == frame->stream;
    if (frame->type != NGHTTP2_DATA && !is_own_priority) continue;
    if (frame->begin > fed) read(bytes.substr(fed, frame->begin - fed));
    fed = frame->begin;
    if (is_own_priority)
      refuse_own_dependence(frame->stream);
    else
      check_data(frame->stream);
  }
  return fed;
}

/// DATA behind an end (RFC 9113, section 5.1). To nghttp2 it ends the connection while the stream
/// is known, though the others have done nothing, and is nothing at all from then on.
void Http2Session::check_data(std::int32_t id) {
  using End = Http2ClosedStreams::End;
  if (Http2Stream* const stream = http2_stream_of(session_, id)) {
    if (!stream->is_remote_done_ || std::exchange(stream->was_reset_, true)) return;
    submit_reset(id, Http2Error::stream_closed);
    // With that frame made it is over for nghttp2, too, which only counts what comes then.
    while (true) {
      const std::string_view made = make_output();
      if (made.empty()) return;
      early_ += made;
    }
  }
  switch (ends_.of(id)) {
    case End::unknown: return;
    case End::finished: terminate(Refusal::http2_protocol_error, Http2Error::stream_closed); return;
    case End::reset_by_peer:
      ends_.forget(id);  // It is told once.
      submit_reset(id, Http2Error::stream_closed);
      return;
  }
}

void Http2Session::note_end(const Http2Stream& stream, std::int32_t id) {
  using End = Http2ClosedStreams::End;
  if (is_client() || stream.was_reset_) return;
  ends_.note(id, stream.is_remote_done_ && stream.was_sent_ ? End::finished : End::reset_by_peer);
}

/// RFC 7540, section 5.3.1: a stream error, where there is a stream. nghttp2 does not look at
/// priorities, since there are none.
void Http2Session::refuse_own_dependence(std::int32_t id) {
  Http2Stream* const stream = http2_stream_of(session_, id);
  if (stream == nullptr)
    terminate(Refusal::http2_protocol_error, Http2Error::protocol);
  else if (!std::exchange(stream->was_reset_, true))
    submit_reset(id, Http2Error::protocol);
}

}  // namespace teal::net
