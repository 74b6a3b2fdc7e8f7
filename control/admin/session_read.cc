// What an AdminSession reads: a handshake, a head, a body, and what of them the API gets.
#include <string>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include "control/admin/refusals.h"
#include "control/admin/session.h"

namespace teal::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

/// Where a field comes several times its values are one list (RFC 9110 section 5.3), which for a
/// Host is none of ours.
template <class Fields, class Name>
std::optional<std::string> field(const Fields& fields, Name name) {
  std::optional<std::string> joined;
  const auto [first, last] = fields.equal_range(name);
  for (auto it = first; it != last; ++it) {
    const std::string value(it->value());
    joined = joined ? *joined + ", " + value : value;
  }
  return joined;
}

/// What Beast's parser lets pass and others might read in another way (RFC 9112 section 6.3): a
/// transfer coding that is not chunked and nothing else, and a length that is said twice.
template <class Message>
std::optional<ApiError> check_framing(const Message& head) {
  const std::optional<std::string> coding = field(head, http::field::transfer_encoding);
  const std::optional<std::string> length = field(head, http::field::content_length);
  const bool odd_coding = coding && (head.version() < 11 || !beast::iequals(*coding, "chunked"));
  const bool odd_length = length && length->find_first_not_of("0123456789") != std::string::npos;
  if (!odd_coding && !odd_length) return std::nullopt;
  return ApiError{odd_coding && head.version() >= 11 ? 501 : 400, "framing-unclear",
                  "Where the body ends is not clear",
                  odd_coding ? "the Transfer-Encoding is '" + *coding + "'"
                             : "the Content-Length is '" + *length + "'",
                  "send one Content-Length, or Transfer-Encoding: chunked in HTTP/1.1"};
}

}  // namespace

asio::awaitable<bool> AdminSession::shake_hands() {
  const auto [failed] = co_await stream_.handshake(kTuple);
  if (failed == beast::error::timeout) places_->count_timeout(id_);
  if (failed) co_return false;
  is_verified_ = stream_.is_peer_verified();
  if (!is_verified_) co_return true;  // Anybody can shake hands: the first request has to come too.
  was_heard_ = true;
  places_->set_verified(id_);
  co_return true;
}

asio::awaitable<bool> AdminSession::read(Parser& parser) {
  parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
  parser.body_limit(limits_.body_bytes);
  // One deadline for the whole head, however it trickles; the first has the one set at the start.
  if (was_heard_) allow(limits_.timeout);
  const auto [bad_head, head_size] =
      co_await http::async_read_header(stream_, buffer_, parser, kTuple);
  is_busy_ = true;
  if (bad_head) {
    co_await refuse(bad_head);
    co_return false;
  }
  was_heard_ = true;
  places_->set_stage(id_, AdminStage::answering);
  const bool is_probe =
      parser.is_done() && AdminApi::kind_of(parser.get().method_string(), parser.get().target()) ==
                              AdminApi::Kind::probe;
  if (places_->is_in_reserve(id_) && !is_probe) {
    places_->count_refusal();
    co_await refuse(no_place());
    co_return false;
  }
  if (const std::optional<ApiError> unclear = check_framing(parser.get())) {
    co_await refuse(*unclear);
    co_return false;
  }
  if (parser.is_done()) co_return true;
  co_return co_await read_body(parser);
}

asio::awaitable<bool> AdminSession::read_body(Parser& parser) {
  const std::uint64_t expected = parser.content_length_remaining().value_or(limits_.body_bytes);
  places_->set_stage(id_, AdminStage::receiving, static_cast<std::size_t>(expected));
  allow(limits_.timeout);
  // Beast adds trailers to the fields of the head.
  const auto fields_of_head = std::distance(parser.get().begin(), parser.get().end());
  if (!parser.is_done() && beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    const asio::const_buffer bytes(interim.data(), interim.size());
    const auto [failed, size] = co_await asio::async_write(stream_, bytes, kTuple);
    if (failed) co_return false;
  }
  const auto [bad_body, body_size] = co_await http::async_read(stream_, buffer_, parser, kTuple);
  if (bad_body) {
    co_await refuse(bad_body);
    co_return false;
  }
  if (std::distance(parser.get().begin(), parser.get().end()) != fields_of_head) {
    co_await refuse(trailers_refused());
    co_return false;
  }
  places_->set_stage(id_, AdminStage::answering);
  co_return true;
}

ApiRequest AdminSession::to_call(const Request& request) const {
  ApiRequest out;
  out.secure = stream_.is_tls();
  out.client = client_;
  out.verified = is_verified_;
  out.method = std::string(request.method_string());
  out.target = std::string(request.target());
  out.host = field(request, http::field::host);
  out.origin = field(request, http::field::origin);
  out.accept = field(request, http::field::accept);
  out.content_type = field(request, http::field::content_type);
  out.if_match = field(request, http::field::if_match);
  out.if_none_match = field(request, http::field::if_none_match);
  out.fetch_site = field(request, std::string_view("Sec-Fetch-Site"));
  out.fetch_mode = field(request, std::string_view("Sec-Fetch-Mode"));
  out.fetch_dest = field(request, std::string_view("Sec-Fetch-Dest"));
  out.idempotency_key = field(request, std::string_view("Idempotency-Key"));
  out.last_event_id = field(request, std::string_view("Last-Event-ID"));
  out.body = request.body();
  out.reached = reached_;
  return out;
}

}  // namespace teal::control
