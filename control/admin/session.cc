#include "control/admin/session.h"

#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "control/admin/piece_cursor.h"
#include "control/admin/refusals.h"
#include "control/admin/wait_for_turn.h"
#include "control/api/body_source.h"
#include "control/api/event_stream.h"
#include "control/api/guard.h"
#include "control/api/problem.h"

namespace teal::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
/// What is read and thrown away after a refusal, so that the peer sees the answer and not a reset.
constexpr std::size_t kLingerBytes = std::size_t{4} * 1024 * 1024;
constexpr Millis kLingerTime{2'000};

/// Of a long answer, in a slice: its copy takes the system some tens of microseconds.
constexpr std::size_t kSlice = std::size_t{64} * 1024;

template <class Message>
void set_headers(Message& message, const ApiResponse& given, bool keep_alive) {
  message.set(http::field::server, "teal");
  message.set(http::field::content_type, given.content_type);
  for (const auto& [name, value] : given.headers) message.set(name, value);
  message.keep_alive(keep_alive);
}

/// Of a body of that length that follows by itself.
http::response<http::empty_body> head_of(const ApiResponse& given, unsigned version,
                                         bool keep_alive, std::uint64_t length) {
  http::response<http::empty_body> head;
  head.version(version);
  head.result(static_cast<unsigned>(given.status));
  set_headers(head, given, keep_alive);
  head.content_length(length);
  return head;
}

/// The next of a long body; none: there is no more to be had. A piece that never comes destroys the
/// coroutine with what holds it. Requires: `source` outlives the wait.
asio::awaitable<std::string> next_piece(BodySource& source) {
  auto ask = [&source](auto resume) {
    source.read(kSlice, [shared = std::make_shared<decltype(resume)>(std::move(resume))](
                            std::string piece) { std::move (*shared)(std::move(piece)); });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(std::string)>(
      ask, asio::use_awaitable);
}

/// Nothing where there is nobody to answer or nothing to say.
std::optional<ApiError> to_problem(boost::system::error_code why, const AdminLimits& limits) {
  if (why == http::error::header_limit || why == http::error::buffer_overflow)
    return ApiError{431, "header-too-large", "The header is too large",
                    "a header has at most " + std::to_string(limits.header_bytes) + " bytes",
                    "send fewer or shorter fields"};
  if (why == http::error::body_limit)
    return ApiError{413, "body-too-large", "The body is too large",
                    "a body has at most " + std::to_string(limits.body_bytes) + " bytes",
                    "send a smaller one"};
  if (why == http::error::end_of_stream || why == http::error::partial_message) return std::nullopt;
  if (why.category() == http::make_error_code(http::error::bad_method).category())
    return ApiError{400, "not-http", "The request is not valid HTTP/1.1", why.message(),
                    "see RFC 9112"};
  return std::nullopt;
}

}  // namespace

AdminSession::AdminSession(Socket socket, Guest guest, const AdminLimits& limits,
                           std::shared_ptr<const net::TlsServer> tls)
    : stream_(std::move(socket)),
      buffer_(limits.header_bytes + std::size_t{64} * 1024),
      wake_(stream_.get_executor()),
      api_(&guest.api),
      places_(std::move(guest.places)),
      id_(guest.id),
      client_(std::move(guest.client)),
      reached_(guest.reached),
      limits_(limits) {
  if (tls) stream_.start_tls(std::move(tls));
}

void AdminSession::finish() {
  is_finishing_ = true;
  wake_.cancel();
  if (!is_busy_) stream_.next().close();
}

void AdminSession::evict() {
  is_finishing_ = true;
  wake_.cancel();
  stream_.next().close();
}

void AdminSession::abort() {
  api_ = nullptr;
  events_ = nullptr;
  finish();
  stream_.next().close();
}

asio::awaitable<void> AdminSession::serve(std::shared_ptr<AdminSession> self) {
  const bool in_reserve = places_->is_in_reserve(id_);
  stream_.next().expires_after(in_reserve ? limits_.reserve_time : limits_.first_request);
  bool more = true;
  if (stream_.is_tls()) more = co_await shake_hands();
  while (more && !is_finishing_) {
    Parser parser;
    const bool complete = co_await read(parser);
    if (!complete || api_ == nullptr) break;
    const Request request = parser.release();
    more = co_await answer(request);
    is_busy_ = false;
  }
  stream_.next().close();
  self = nullptr;
}

/// The deadline of the reserve is set once, when the connection is accepted.
void AdminSession::allow(Millis time) {
  if (!places_->is_in_reserve(id_)) stream_.next().expires_after(time);
}

namespace {

/// The answer to one request, and the event that it has come. Owned by the connection's coroutine;
/// the API's callback only knows it weakly, because control may hold a callback for longer than the
/// connection, and even the io_context with its timers, is there.
struct PendingAnswer {
  explicit PendingAnswer(const asio::any_io_executor& executor) : answered(executor) {}

  std::optional<ApiResponse> response;
  asio::steady_timer answered;
};

}  // namespace

asio::awaitable<bool> AdminSession::answer(const Request& request) {
  const auto pending = std::make_shared<PendingAnswer>(stream_.get_executor());
  const ApiRequest call = to_call(request);
  const bool is_long = AdminApi::kind_of(call.method, call.target) == AdminApi::Kind::copy;
  pending->answered.expires_after(is_long ? limits_.long_answer : limits_.timeout);
  const AdminApi::Reply reply = [weak =
                                     std::weak_ptr<PendingAnswer>(pending)](ApiResponse response) {
    const std::shared_ptr<PendingAnswer> waiting = weak.lock();
    if (!waiting) return;
    waiting->response = std::move(response);
    waiting->answered.cancel();
  };
  api_->handle(call, reply);
  if (!pending->response) {
    [[maybe_unused]] const auto [cancelled] = co_await pending->answered.async_wait(kTuple);
    if (!pending->response) pending->response = is_long ? copy_timed_out() : timed_out();
  }
  ApiResponse response = std::move(*pending->response);
  pending->response.reset();
  if (api_ == nullptr) co_return false;
  if (response.stream) {
    co_await stream_events(std::move(response), request.version());
    co_return false;
  }
  const bool keep_alive = request.keep_alive() && !is_finishing_ && !places_->is_in_reserve(id_);
  const bool is_head = request.method() == http::verb::head;
  const bool written = co_await write(std::move(response), request.version(), keep_alive, is_head);
  if (written && keep_alive) places_->set_stage(id_, AdminStage::idle);
  co_return written&& keep_alive;
}

asio::awaitable<bool> AdminSession::write(ApiResponse given, unsigned version, bool keep_alive,
                                          bool is_head) {
  add_guards(given);
  if (given.pieces) co_return co_await write_pieces(std::move(given), version, keep_alive, is_head);
  if (given.source) co_return co_await write_source(std::move(given), version, keep_alive, is_head);
  places_->set_stage(id_, AdminStage::writing, given.body.size());
  allow(limits_.timeout);
  http::response<http::string_body> response;
  response.version(version);
  response.result(static_cast<unsigned>(given.status));
  const bool is_same = given.status == 304;
  response.reason(given.status >= 400 ? status_title(given.status)
                                      : std::string_view(is_same ? "Not Modified" : "OK"));
  set_headers(response, given, keep_alive);
  // What a 304 says of a length would be the page's (RFC 9110 section 8.6).
  if (!is_same) response.content_length(given.body.size());
  if (!is_head) response.body() = std::move(given.body);
  http::response_serializer<http::string_body> serializer(response);
  const auto [failed, size] = co_await http::async_write(stream_, serializer, kTuple);
  if (failed == beast::error::timeout) places_->count_timeout(id_);
  co_return !failed;
}

/// The pieces are shared with others who asked: none is copied. All of them have one time limit.
asio::awaitable<bool> AdminSession::write_pieces(ApiResponse given, unsigned version,
                                                 bool keep_alive, bool is_head) {
  std::size_t length = 0;
  for (const std::string_view piece : *given.pieces) length += piece.size();
  places_->set_stage(id_, AdminStage::writing, length);
  allow(limits_.timeout);
  const auto head = head_of(given, version, keep_alive, length);
  http::response_serializer<http::empty_body> serializer(head);
  const auto [unwritten, head_size] =
      co_await http::async_write_header(stream_, serializer, kTuple);
  if (unwritten) co_return false;
  if (is_head) co_return true;
  PieceCursor left(*given.pieces);
  while (!left.is_at_end() && api_ != nullptr) {  // Unless the server ends meanwhile.
    co_await wait_for_turn(api_->later());
    const std::vector<asio::const_buffer> bytes = left.take<asio::const_buffer>(kSlice);
    const auto [failed, size] = co_await asio::async_write(stream_, bytes, kTuple);
    if (failed == beast::error::timeout) places_->count_timeout(id_);
    if (failed) co_return false;
  }
  co_return left.is_at_end();
}

/// What cannot be read any more ends the connection, short of the length that was said: nobody
/// takes a part for the whole.
asio::awaitable<bool> AdminSession::write_source(ApiResponse given, unsigned version,
                                                 bool keep_alive, bool is_head) {
  const std::uint64_t length = given.source->size();
  places_->set_stage(id_, AdminStage::answering);
  allow(limits_.long_answer);
  const auto head = head_of(given, version, keep_alive, length);
  http::response_serializer<http::empty_body> serializer(head);
  const auto [unwritten, head_size] =
      co_await http::async_write_header(stream_, serializer, kTuple);
  if (unwritten) co_return false;
  if (is_head) co_return true;
  std::uint64_t sent = 0;
  while (sent < length && api_ != nullptr) {  // Unless the server ends meanwhile.
    const std::string piece = co_await next_piece(*given.source);
    if (piece.empty() || api_ == nullptr) co_return false;
    const asio::const_buffer bytes(piece.data(), piece.size());
    const auto [failed, size] = co_await asio::async_write(stream_, bytes, kTuple);
    if (failed == beast::error::timeout) places_->count_timeout(id_);
    if (failed) co_return false;
    sent += piece.size();
  }
  co_return sent == length;
}

asio::awaitable<void> AdminSession::refuse(boost::system::error_code why) {
  if (why == beast::error::timeout) places_->count_timeout(id_);
  const std::optional<ApiError> problem = to_problem(why, limits_);
  if (problem) co_await refuse(*problem);
}

asio::awaitable<void> AdminSession::refuse(const ApiError& problem) {
  const bool written = co_await write(to_response(problem), 11, false, false);
  if (written) co_await linger();
}

asio::awaitable<void> AdminSession::linger() {
  boost::system::error_code ignored;
  stream_.next().socket().shutdown(asio::socket_base::shutdown_send, ignored);
  allow(kLingerTime);
  std::size_t seen = 0;
  std::vector<char> thrown_away(std::size_t{16} * 1024);
  const asio::mutable_buffer space(thrown_away.data(), thrown_away.size());
  while (seen < kLingerBytes) {
    const auto [ended, size] = co_await stream_.async_read_some(space, kTuple);
    if (ended) co_return;
    seen += size;
  }
}

/// A subscriber has nothing more to say: whatever comes from it, it is leaving.
void AdminSession::watch_for_end() {
  stream_.next().expires_never();
  const asio::mutable_buffer space(ignored_.data(), ignored_.size());
  stream_.async_read_some(
      space, [self = shared_from_this()](boost::system::error_code /*why*/, std::size_t /*size*/) {
        self->is_gone_ = true;
        self->wake_.cancel();
      });
}

asio::awaitable<void> AdminSession::stream_events(ApiResponse given, unsigned version) {
  events_ = std::move(given.stream);
  events_->on_ready([this] { wake_.cancel(); });
  places_->set_stage(id_, AdminStage::following);
  add_guards(given);
  allow(limits_.timeout);
  http::response<http::empty_body> head;
  head.version(version);
  head.result(http::status::ok);
  set_headers(head, given, false);  // Ends with the connection (RFC 9112 section 6.3, rule 8).
  http::response_serializer<http::empty_body> serializer(head);
  const auto [unwritten, head_size] =
      co_await http::async_write_header(stream_, serializer, kTuple);
  if (unwritten) co_return;
  watch_for_end();
  while (!is_finishing_ && !is_gone_ && events_ && !events_->is_overrun()) {
    std::string text = events_->take();
    if (text.empty()) {
      wake_.expires_after(limits_.heartbeat);
      const auto [interrupted] = co_await wake_.async_wait(kTuple);
      if (interrupted || !events_ || !events_->is_empty()) continue;
      text = ":\n\n";
    }
    allow(limits_.timeout);
    const asio::const_buffer bytes(text.data(), text.size());
    const auto [failed, size] = co_await asio::async_write(stream_, bytes, kTuple);
    if (failed == beast::error::timeout) places_->count_timeout(id_);
    if (failed) break;
  }
  events_ = nullptr;
}

}  // namespace teal::control
