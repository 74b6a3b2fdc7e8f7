// MaybeTls: an asynchronous stream of Asio's that is plain until start_tls(), for the cold paths
// (admin, command line). The data path has net/stream/stream.h, which costs a fraction of this.
//
// Follows the rules of its next layer: one thread, one read and one write at a time.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/ssl/stream.hpp>

#include "net/tls/client.h"
#include "net/tls/server.h"

namespace teal::net {

template <class Next>
class MaybeTls {
 public:
  using executor_type = typename Next::executor_type;

  template <class... Arguments>
  explicit MaybeTls(Arguments&&... arguments) : next_(std::forward<Arguments>(arguments)...) {}

  executor_type get_executor() { return next_.get_executor(); }
  Next& next() { return next_; }
  bool is_tls() const { return tls_.has_value(); }
  /// The peer has shown a certificate, and whom we trust has signed it. After the handshake.
  bool is_peer_verified() {
    if (!tls_) return false;
    SSL* const ssl = tls_->native_handle();
    return SSL_get0_peer_certificate(ssl) != nullptr && SSL_get_verify_result(ssl) == X509_V_OK;
  }

  /// As the one that was called; handshake() follows.
  void start_tls(std::shared_ptr<const TlsServer> server) {
    tls_.emplace(next_, server->new_plain_ssl());
    server_ = std::move(server);
  }
  /// As the one that calls `target`.
  void start_tls(const TlsClient& client, const Address& target, config::TargetProtocol protocol) {
    tls_.emplace(next_, client.new_ssl(target, protocol));
  }
  template <class Token>
  auto handshake(Token&& token) {
    using boost::asio::ssl::stream_base;
    return tls_->async_handshake(server_ ? stream_base::server : stream_base::client,
                                 std::forward<Token>(token));
  }
  template <class Token>
  auto shutdown(Token&& token) {
    return tls_->async_shutdown(std::forward<Token>(token));
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Token>(token));
    return next_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Token>(token));
    return next_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  Next next_;
  std::shared_ptr<const TlsServer> server_;
  std::optional<boost::asio::ssl::stream<Next&>> tls_;
};

}  // namespace teal::net
