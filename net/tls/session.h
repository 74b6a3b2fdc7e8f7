// TlsSession: the TLS of one connection, between its Stream and its socket. OpenSSL reads the
// socket through a BIO of our own that knows when the kernel has no more, and writes into a buffer
// of the thread, so that many records leave in one system call. Nothing waits: what the socket does
// not take is kept here, and is all that an idle connection may hold.
//
// Owned by its Stream, used by one worker's thread. Does not know HTTP or deadlines.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/io/io_result.h"
#include "net/tls/client.h"
#include "net/tls/failure.h"
#include "net/tls/server.h"

struct bio_st;

namespace teal::net {

/// What the sessions of one thread share: nothing in it outlives a call.
struct TlsScratch {
  static constexpr std::size_t kRecord = 16 * 1024;

  std::string sealed;                ///< Records on their way to a socket.
  std::unique_ptr<char[]> gathered;  ///< Pieces that make one record.
};

class TlsSession {
 public:
  enum class Progress : std::uint8_t { done, waiting, failed };

  /// For a client that has connected to `socket`.
  TlsSession(std::shared_ptr<const TlsServer> server, TlsScratch& scratch, int socket);
  /// For a target that we have connected to.
  TlsSession(const TlsClient& client, const Address& target, config::TargetProtocol protocol,
             TlsScratch& scratch, int socket);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Goes on with the handshake, whenever the socket is ready either way.
  Progress handshake();
  bool is_ready() const { return is_ready_; }
  ReadResult read(std::span<char> into);
  /// Takes what it can seal without more than a record waiting for the socket. With no pieces:
  /// sends what waits.
  /// `end_follows`: as Stream::write(); send_close_notify() is said with the last of the bytes.
  WriteResult write(std::span<const iovec> pieces, bool end_follows = false);
  /// Sealed bytes wait for the socket.
  bool has_unsent() const { return !unsent_.empty(); }
  /// Tells the peer that we send no more (RFC 8446, section 6.1), if that is still possible.
  void send_close_notify();
  /// The end to come is not an orderly one.
  void abort() { is_silent_ = true; }

  TlsFailure failure() const { return failure_; }
  bool was_resumed() const;
  bool is_tls13() const;
  /// HTTP/2 was chosen by ALPN.
  bool is_http2() const;
  /// The verified identity of the client as the header's value; empty: it showed none.
  const std::string& identity() const { return identity_; }

  // ---- server side
  const TlsServer* server() const { return server_.get(); }
  std::uint32_t policy() const { return policy_; }
  void set_policy(std::uint32_t policy) { policy_ = policy; }

 private:
  void start(ssl_st* ssl);
  void fail(int result);
  void send_sealed(bool end_follows = false);
  void seal_end();
  void flush_unsent();
  bool seal(std::span<const char> bytes);
  std::span<const char> next_record(std::span<const iovec>& pieces, std::size_t& at);
  void read_identity();
  int receive(char* into, int size);

  friend int bio_read(bio_st* bio, char* into, int size);
  friend int bio_write(bio_st* bio, const char* bytes, int size);
  friend long bio_control(bio_st* bio, int command, long number, void* pointer);

  std::shared_ptr<const TlsServer> server_;
  TlsScratch& scratch_;
  ssl_st* ssl_ = nullptr;
  int socket_;
  int error_ = 0;  ///< errno of the socket, or what stands for a failure of TLS.
  std::uint32_t policy_ = 0;
  TlsFailure failure_ = TlsFailure::none;
  bool is_ready_ = false;    ///< The handshake is over.
  bool is_drained_ = false;  ///< The last recv() was short: no other before the next readiness.
  bool is_starved_ = false;  ///< It found nothing at all.
  bool has_ended_ = false;   ///< The peer has closed its side of the socket.
  bool is_silent_ = false;
  std::string unsent_;
  std::string identity_;
};

}  // namespace teal::net
