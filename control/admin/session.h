// AdminSession: one connection to the control API. A coroutine reads a request, has the API answer
// it, writes the answer, and again; for server-sent events it writes until one side has enough.
//
// Control thread only; kept alive by its coroutine and by the server's list. For
// control/admin/server.cc.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "control/admin/connections.h"
#include "control/admin/limits.h"
#include "control/api/api.h"
#include "net/stream/maybe_tls.h"

namespace teal::control {

class AdminSession : public std::enable_shared_from_this<AdminSession> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  /// Whose guest the connection is, and as whom.
  struct Guest {
    AdminApi& api;
    std::shared_ptr<AdminPlaces> places;
    AdminPlaces::Id id;
    std::string client;
    Address reached;
  };

  /// `tls`: null for a plain connection.
  AdminSession(Socket socket, Guest guest, const AdminLimits& limits,
               std::shared_ptr<const net::TlsServer> tls);

  /// Serves the connection to its end. Holds `self` for as long.
  boost::asio::awaitable<void> serve(std::shared_ptr<AdminSession> self);
  /// Finish what is being answered, then close.
  void finish();
  /// Closes at once: its place was given to somebody else.
  void evict();
  /// Closes at once; touches neither the API nor the streams it opened any more.
  void abort();

 private:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Response = boost::beast::http::response<boost::beast::http::string_body>;

  boost::asio::awaitable<bool> shake_hands();
  boost::asio::awaitable<bool> read(Parser& parser);
  boost::asio::awaitable<bool> read_body(Parser& parser);
  ApiRequest to_call(const Request& request) const;
  boost::asio::awaitable<bool> answer(const Request& request);
  boost::asio::awaitable<bool> write(ApiResponse given, unsigned version, bool keep_alive,
                                     bool is_head);
  boost::asio::awaitable<bool> write_pieces(ApiResponse given, unsigned version, bool keep_alive,
                                            bool is_head);
  boost::asio::awaitable<bool> write_source(ApiResponse given, unsigned version, bool keep_alive,
                                            bool is_head);
  boost::asio::awaitable<void> refuse(boost::system::error_code why);
  boost::asio::awaitable<void> refuse(const ApiError& problem);
  boost::asio::awaitable<void> stream_events(ApiResponse given, unsigned version);
  boost::asio::awaitable<void> linger();
  void watch_for_end();
  /// The time for what comes next. In the reserve there is no other than the first.
  void allow(Millis time);

  net::MaybeTls<boost::beast::basic_stream<boost::asio::generic::stream_protocol>> stream_;
  boost::beast::flat_buffer buffer_;
  boost::asio::steady_timer wake_;
  std::shared_ptr<EventStream> events_;
  std::array<char, 256> ignored_{};
  AdminApi* api_;
  std::shared_ptr<AdminPlaces> places_;
  AdminPlaces::Id id_;
  std::string client_;
  Address reached_;
  AdminLimits limits_;
  bool is_verified_ = false;
  bool was_heard_ = false;  ///< A whole head has come, or a verified certificate.
  bool is_busy_ = false;    ///< A request is being answered.
  bool is_finishing_ = false;
  bool is_gone_ = false;  ///< The subscriber has closed.
};

}  // namespace teal::control
