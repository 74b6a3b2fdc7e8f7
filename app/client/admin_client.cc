#include "app/client/admin_client.h"

#include <optional>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "app/client/event_parser.h"
#include "net/http/host_field.h"
#include "net/io/asio_endpoint.h"

namespace teal::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;

/// More than the server ever sends in one answer.
constexpr std::uint64_t kMaxAnswer = std::uint64_t{64} * 1024 * 1024;
constexpr std::uint64_t kMaxProblem = std::uint64_t{1024} * 1024;
/// Beyond the body that is taken as it comes: a head, the line of a chunk, trailers.
constexpr std::size_t kMaxBuffer = std::size_t{256} * 1024;
/// The server sends a heartbeat every 15 s; without any for three of them it is gone.
constexpr Millis kSilence{45'000};

/// A connection whose operations end in the time allowed, by Beast's timer on an io_context of its
/// own.
class Connection {
 public:
  explicit Connection(Millis time) : stream_(io_), buffer_(kMaxBuffer) { allow(time); }

  /// From now on, for all that follows together.
  void allow(Millis time) { stream_.expires_after(time); }

  error_code connect(const Address& address) {
    error_code failed;
    const Protocol::endpoint endpoint = net::to_asio_endpoint(address).value();
    stream_.socket().open(endpoint.protocol(), failed);
    if (failed) return failed;
    return run([&](auto done) { stream_.async_connect(endpoint, done); });
  }

  error_code write(const http::request<http::string_body>& request) {
    return run([&](auto done) { http::async_write(stream_, request, done); });
  }

  template <class Parser>
  error_code read_all(Parser& parser) {
    return run([&](auto done) { http::async_read(stream_, buffer_, parser, done); });
  }

  template <class Parser>
  error_code read_head(Parser& parser) {
    return run([&](auto done) { http::async_read_header(stream_, buffer_, parser, done); });
  }

  template <class Parser>
  error_code read_some(Parser& parser) {
    return run([&](auto done) { http::async_read_some(stream_, buffer_, parser, done); });
  }

 private:
  /// Starts one operation and waits for its end.
  template <class Start>
  error_code run(const Start& start) {
    error_code result;
    start([&result](error_code failed, auto... /*size*/) { result = failed; });
    io_.restart();
    io_.run();
    return result;
  }

  asio::io_context io_;
  beast::basic_stream<Protocol> stream_;
  beast::flat_buffer buffer_;
};

http::request<http::string_body> make_request(std::string_view method, const std::string& target,
                                              const Address& address) {
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(method);
  request.target(target);
  request.set(http::field::host, net::host_field_of(address));
  request.set(http::field::user_agent, "teal");
  request.keep_alive(false);
  return request;
}

Error cannot_reach(const Address& address, error_code why) {
  if (why == boost::system::errc::permission_denied && address.kind == Address::Kind::unix_socket)
    return Error{Source::upstream,
                 "cannot connect to " + to_string(address) +
                     ": Permission denied; only Teal's own user and root may (its socket is 0600)",
                 true};
  return Error{Source::upstream,
               "cannot reach Teal's control API at " + to_string(address) +
                   ": is `teal serve` running? (" + why.message() + ")",
               true};
}

Error lost(const Address& address, error_code why, Millis time, bool retry_safe = false) {
  const std::string who = "Teal's control API at " + to_string(address) + " did not answer";
  if (why == beast::error::timeout)
    return Error{Source::upstream,
                 who + " within " + format_duration(time) + "; is its process stopped, or busy?",
                 retry_safe};
  return Error{Source::upstream, who + ": " + why.message(), retry_safe};
}

}  // namespace

Result<AdminAnswer> AdminClient::send(std::string_view method, const std::string& target,
                                      const std::string& body, const Headers& headers) const {
  Connection connection(timeout_);
  if (const error_code failed = connection.connect(address_)) return cannot_reach(address_, failed);
  auto request = make_request(method, target, address_);
  for (const auto& [name, value] : headers) request.set(name, value);
  if (!body.empty()) {
    request.set(http::field::content_type, "application/json");
    request.body() = body;
  }
  request.prepare_payload();
  if (const error_code failed = connection.write(request)) return lost(address_, failed, timeout_);
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxAnswer);
  if (const error_code failed = connection.read_all(parser))
    return lost(address_, failed, timeout_);
  auto response = parser.release();
  return AdminAnswer{static_cast<int>(response.result_int()), std::move(response.body())};
}

Result<AdminAnswer> AdminClient::receive(std::string_view method, const std::string& target,
                                         Millis whole,
                                         const std::function<bool(std::string_view)>& take) const {
  Connection connection(timeout_);
  if (const error_code failed = connection.connect(address_)) return cannot_reach(address_, failed);
  auto request = make_request(method, target, address_);
  request.prepare_payload();
  if (const error_code failed = connection.write(request)) return lost(address_, failed, timeout_);
  connection.allow(whole);
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);  // What has been taken is cleared at once.
  if (const error_code failed = connection.read_head(parser)) return lost(address_, failed, whole);
  const int status = static_cast<int>(parser.get().result_int());
  if (status / 100 != 2) {
    parser.body_limit(kMaxProblem);
    if (const error_code failed = connection.read_all(parser)) return lost(address_, failed, whole);
    return AdminAnswer{status, std::move(parser.get().body())};
  }
  // A body that only the end of the connection ends may be a part: nobody could tell.
  if (!parser.content_length())
    return Error{Source::upstream, "what answers at " + to_string(address_) +
                                       " is not Teal: it does not say how long its answer is"};
  connection.allow(whole);
  while (!parser.is_done()) {
    const error_code failed = connection.read_some(parser);
    if (!take(parser.get().body())) return AdminAnswer{status, {}};
    parser.get().body().clear();
    if (failed) return lost(address_, failed, whole);
  }
  return AdminAnswer{status, {}};
}

Result<AdminAnswer> AdminClient::follow_events(
    const std::string& last_event_id, Until until,
    const std::function<bool(const ServerEvent&)>& take) const {
  Connection connection(timeout_);
  if (const error_code failed = connection.connect(address_)) return cannot_reach(address_, failed);
  auto request = make_request("GET", "/v1/events", address_);
  request.set(http::field::accept, "text/event-stream");
  if (!last_event_id.empty()) request.set("Last-Event-ID", last_event_id);
  if (const error_code failed = connection.write(request))
    return lost(address_, failed, timeout_, true);
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);  // What has been taken is cleared at once.
  if (const error_code failed = connection.read_head(parser))
    return lost(address_, failed, timeout_, true);
  if (parser.get().result() != http::status::ok) {
    parser.body_limit(kMaxAnswer);
    if (const error_code failed = connection.read_all(parser))
      return lost(address_, failed, timeout_, true);
    auto response = parser.release();
    return AdminAnswer{static_cast<int>(response.result_int()), std::move(response.body())};
  }
  EventParser events;
  while (!parser.is_done()) {
    if (until == Until::stopped) connection.allow(kSilence);
    const error_code failed = connection.read_some(parser);
    std::string& arrived = parser.get().body();
    if (!events.feed(arrived, take)) {
      if (!events.is_overrun()) return AdminAnswer{200, {}};
      return Error{Source::upstream,
                   "what answers at " + to_string(address_) + " is not Teal: an event is too long"};
    }
    arrived.clear();
    if (failed) return lost(address_, failed, until == Until::stopped ? kSilence : timeout_, true);
  }
  return Error{Source::upstream, "the stream of events has ended: Teal is stopping", true};
}

}  // namespace teal::app
