// Http2Session: one side of one HTTP/2 connection, sans-IO: bytes in, events out, messages in,
// bytes out. Frames, HPACK, streams and windows are nghttp2's (docs/adr/0014); what a message may
// say (net/http2/head.h), what a peer may cost (net/http2/abuse_guard.h) and when windows open are
// said here.
//
// Windows open only for what consume() is told of, so a reader that stops stops its peer. Output is
// made when write() is called, and no more of it than the output takes; large pieces of bodies are
// passed on as views. Of a client's session, a response that is not read holds the window of its
// stream only: the others go on.
//
// Owned by one connection, used by its thread. Does not know sockets, deadlines, routes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "net/http/message.h"
#include "net/http/refusal.h"
#include "net/http2/abuse_guard.h"
#include "net/http2/closed.h"
#include "net/http2/field_section.h"
#include "net/http2/frame.h"
#include "net/http2/frame_walk.h"
#include "net/http2/head.h"
#include "net/http2/limits.h"

struct nghttp2_session;  // nghttp2's headers stay in net/http2_*.cc.

namespace teal::net {

/// Where output goes.
class Http2Output {
 public:
  virtual ~Http2Output() = default;
  virtual void append(std::string_view bytes) = 0;
  /// The bytes live to the end of the callback.
  virtual void view(std::string_view bytes) = 0;
  /// No more for now.
  virtual bool is_full() = 0;
};

/// One stream as the session sees it. The session refers to it until take_closed() has named it.
class Http2Stream {
 public:
  virtual ~Http2Stream() = default;
  // No event comes before the head, nor after on_end() or on_refused().
  /// The reader calls consume() with as many bytes once it has used them; that reopens the window.
  virtual void on_body(std::string_view bytes) = 0;
  virtual void on_end(const Fields& trailers) = 0;
  /// The message broke a rule in its middle; the stream is being reset.
  virtual void on_refused(Refusal rule) = 0;

  /// Frames may still come and go.
  bool is_open() const { return id_ != 0; }
  /// Our head's frame was made.
  bool is_begun() const { return has_begun_; }
  /// Our last frame was made.
  bool is_finished() const { return was_sent_; }
  /// That, or none is to be made.
  bool is_sent() const { return id_ == 0 || was_sent_ || was_reset_; }
  /// Body bytes that no frame was made of yet.
  std::size_t waiting() const { return pending_.size() - pending_at_; }

 private:
  friend class Http2Session;
  friend struct Http2Callbacks;

  std::int32_t id_ = 0;
  bool is_remote_done_ = false;
  bool was_reset_ = false;    ///< By us: nothing of it is of interest any more.
  bool has_body_ = false;     ///< Ours has a body to be asked for.
  bool is_deferred_ = false;  ///< The body was asked for when there was none.
  bool has_ended_ = false;    ///< No more of our body comes.
  bool has_begun_ = false;
  bool was_sent_ = false;
  bool is_head_ = false;     ///< Asked by HEAD: the response has no body.
  bool is_connect_ = false;  ///< Extended CONNECT: a response of 2xx has no length.
  bool has_head_ = false;    ///< The response's own, after interim ones.
  bool may_half_close_ = false;
  bool has_length_ = false;
  std::uint16_t interims_ = 0;
  std::uint64_t length_left_ = 0;
  std::string pending_;
  std::size_t pending_at_ = 0;
  std::string_view view_;     ///< Behind pending_, during send_body().
  Http2KeptFields trailers_;  ///< Of ours.
};

/// A request as a server has it; whoever answers it derives from it.
class Http2ServerStream : public Http2Stream {
 public:
  /// `rule`: the request is not to be served but answered with that refusal. Where the head says
  /// that nothing follows it, on_end() does not come.
  virtual void on_request(RequestHead& head, Refusal rule) = 0;
};

/// A request as a client has it.
class Http2ClientStream : public Http2Stream {
 public:
  /// Interim ones come before. on_end() always follows.
  virtual void on_response(ResponseHead& head) = 0;
};

class Http2Session {
 public:
  /// What a server wants to know.
  class Requests {
   public:
    virtual ~Requests() = default;
    /// Somebody to tell of a request that has begun.
    virtual Http2ServerStream& open_stream() = 0;
    /// There was one that is malformed; its stream is being reset.
    virtual void on_malformed(const RequestHead& head, Refusal rule) = 0;
  };

  enum class Reset : std::uint8_t { by_peer, by_us };
  struct Closed {
    Http2Stream* stream;
    Http2Error error;
    Reset by;
  };

  /// The bytes to come are those of a client's connection, its preface first.
  static std::unique_ptr<Http2Session> make_server(const Http2Limits& limits, Requests& requests);
  /// The bytes to come are a server's. `secure`: they come over TLS.
  static std::unique_ptr<Http2Session> make_client(const Http2Limits& limits, bool secure);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // ---- input
  /// Takes all of it. Streams that ended meanwhile are in take_closed().
  void feed(std::string_view bytes, Mono now);
  /// The reader has used up so much of a body.
  void consume(Http2Stream& stream, std::size_t bytes);
  /// Nobody will read them: the other streams shall have the room, this one not.
  void discard(std::size_t bytes);
  /// Streams that are over, each once; the session forgets them.
  std::vector<Closed> take_closed() { return std::exchange(closed_, {}); }
  bool has_closed() const { return !closed_.empty(); }

  // ---- output: messages. On a stream that is over nothing happens.
  // What a section shows has been copied when the call returns.
  /// A client's; the body follows unless the head `ends` it. False: no stream can be opened.
  bool send_request(Http2ClientStream& stream, const Http2RequestStart& start,
                    const Http2FieldSection& section, bool ends);
  void send_interim(Http2Stream& stream, std::uint16_t status, const Http2FieldSection& section);
  void send_head(Http2Stream& stream, std::uint16_t status, const Http2FieldSection& section,
                 bool ends);
  /// The bytes live to the end of the callback. Large ones are framed at once if `out` takes them.
  void send_body(Http2Stream& stream, std::string_view bytes, Http2Output& out);
  void send_end(Http2Stream& stream);
  /// The end, with trailers before it.
  void send_trailers(Http2Stream& stream, const Http2FieldSection& section);
  void reset(Http2Stream& stream, Http2Error error);
  /// Whether the peer may go on behind our end, as in a tunnel; else it is reset then.
  void allow_half_close(Http2Stream& stream, bool may);

  // ---- output: bytes
  /// Makes frames of what waits until there is no more or `out` is full.
  void write(Http2Output& out);
  bool wants_write() const;

  // ---- the connection
  /// GOAWAY in two steps (RFC 9113, section 6.8): the first one announces; the second one follows
  /// when the peer has seen it, or with finish_shutdown().
  void start_shutdown();
  void finish_shutdown();
  /// GOAWAY, and no stream goes on.
  void stop();
  void ping();
  /// Ends it for what the peer did.
  void terminate(Refusal rule, Http2Error error);
  /// Nothing more will come or go.
  bool is_over() const;
  /// A field section has begun and is not complete.
  bool is_in_head() const { return is_in_head_; }
  /// Some request has come.
  bool has_begun() const { return has_begun_; }
  /// The peer has said what it allows.
  bool has_settings() const { return has_settings_; }
  /// Of a client: so many streams the peer allows at once.
  std::uint32_t max_streams() const;
  /// Of a client: the peer has said that it takes extended CONNECT (RFC 8441, section 3).
  bool takes_extended_connect() const;
  /// Of a client: the peer has not said GOAWAY, and there are numbers left.
  bool accepts_streams() const;
  /// Of a client: so many of our streams, the first ones, the peer takes, by its last GOAWAY; those
  /// beyond are closed as refused. Empty: it has said none.
  std::optional<std::uint32_t> streams_taken() const { return streams_taken_; }
  /// The rule for which the connection ends.
  Refusal fault() const { return fault_; }

 private:
  friend struct Http2Callbacks;
  struct Parts;
  /// RFC 9113, section 3.4.
  static constexpr std::size_t kPrefaceBytes = 24;

  Http2Session(const Http2Limits& limits, Requests* requests);
  bool is_client() const { return requests_ == nullptr; }
  void read(std::string_view bytes);
  std::string_view make_output();
  void begin_head(std::int32_t id, bool is_request);
  void finish_head(std::int32_t id, bool is_request, bool ends);
  void finish_request(std::int32_t id, bool ends);
  void finish_response(Http2ClientStream& stream, bool ends);
  void finish_trailers(Http2Stream& stream, bool ends);
  void take_data(std::int32_t id, std::string_view bytes);
  void end_message(Http2Stream& stream, const Fields& trailers);
  void refuse(Http2Stream& stream, Refusal rule);
  bool take_body(Http2Stream& stream, std::size_t size, std::string_view frame_head);
  void reset_rest(Http2Stream& stream);
  void submit_reset(std::int32_t id, Http2Error error);
  void charge(const Http2AbuseGuard::Frame& frame);
  void terminate(const std::optional<Http2AbuseGuard::Violation>& violation);
  // http2/over.cc
  std::size_t feed_with_looks(std::string_view bytes);
  void check_data(std::int32_t id);
  void note_end(const Http2Stream& stream, std::int32_t id);
  void refuse_own_dependence(std::int32_t id);
  void want_body(Http2Stream& stream);
  void on_sent(std::uint8_t type, std::uint8_t flags, std::int32_t id, std::uint32_t error);

  Http2HeadReader head_;
  Requests* requests_;  ///< Null: a client's session.
  std::unique_ptr<Parts> parts_;
  nghttp2_session* session_ = nullptr;
  Http2Output* out_ = nullptr;
  Mono now_{};
  bool is_feeding_ = false;
  bool is_in_head_ = false;
  bool has_begun_ = false;
  bool is_secure_ = false;
  bool has_settings_ = false;
  bool is_broken_ = false;
  bool is_shutting_down_ = false;
  bool is_shut_down_ = false;
  Refusal fault_ = Refusal::none;
  Http2AbuseGuard guard_;
  std::vector<Closed> closed_;
  std::optional<std::uint32_t> streams_taken_;
  Http2FrameWalk walk_{kPrefaceBytes};  ///< Of a server.
  Http2ClosedStreams ends_;
  std::string early_;  ///< Output that was made before it was asked for.
};

}  // namespace teal::net
