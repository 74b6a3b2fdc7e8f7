#include "net/tls/session.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <openssl/x509v3.h>

#include "base/assert.h"
#include "net/tls/files.h"
#include "net/tls/identity.h"
#include "net/tls/server_parts.h"

namespace teal::net {

/// So much leaves at once; the rest of a large body is sealed when that has gone.
constexpr std::size_t kSlice = 64 * 1024;
/// A peer that makes us answer and does not read the answers gets no further.
constexpr std::size_t kMaxUnsent = 256 * 1024;
constexpr std::size_t kLargeRead = 64 * 1024;

// ---- the BIO ------------------------------------------------------------------------------------

int bio_read(bio_st* bio, char* into, int size) {
  auto* session = static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const int n = session->receive(into, size);
  if (n < 0 && session->error_ == 0) BIO_set_retry_read(bio);
  return n;
}

int bio_write(bio_st* bio, const char* bytes, int size) {
  auto* session = static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  session->scratch_.sealed.append(bytes, static_cast<std::size_t>(size));
  return size;
}

long bio_control(bio_st* bio, int command, long /*number*/, void* /*pointer*/) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF)
    return static_cast<TlsSession*>(BIO_get_data(bio))->has_ended_ ? 1 : 0;
  return 0;
}

namespace {

int bio_create(bio_st* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "teal socket");
  BIO_meth_set_create(method, bio_create);
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_ctrl(method, bio_control);
  return method;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = make_method();
  return method;
}

TlsFailure classify(unsigned long code) {
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return TlsFailure::protocol;
  const int reason = ERR_GET_REASON(code);
  switch (reason) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return TlsFailure::closed;
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER: return TlsFailure::not_tls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_BAD_LEGACY_VERSION: return TlsFailure::version;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM: return TlsFailure::cipher;
    case SSL_R_NO_APPLICATION_PROTOCOL: return TlsFailure::alpn;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return TlsFailure::certificate_missing;
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return TlsFailure::certificate_refused;
    default: return reason > SSL_AD_REASON_OFFSET ? TlsFailure::peer_alert : TlsFailure::protocol;
  }
}

}  // namespace

std::string_view to_string(TlsFailure failure) {
  switch (failure) {
    case TlsFailure::none: return "none";
    case TlsFailure::closed: return "closed";
    case TlsFailure::not_tls: return "not_tls";
    case TlsFailure::version: return "version";
    case TlsFailure::cipher: return "cipher";
    case TlsFailure::alpn: return "alpn";
    case TlsFailure::certificate_missing: return "certificate_missing";
    case TlsFailure::certificate_refused: return "certificate_refused";
    case TlsFailure::peer_alert: return "peer_alert";
    case TlsFailure::renegotiation: return "renegotiation";
    case TlsFailure::protocol:
    case TlsFailure::count_: return "protocol";
  }
  return "protocol";
}

TlsSession::TlsSession(std::shared_ptr<const TlsServer> server, TlsScratch& scratch, int socket)
    : server_(std::move(server)), scratch_(scratch), socket_(socket) {
  const auto& slot = *server_->parts().slots.front();
  start(SSL_new(slot.context.get()));
  policy_ = slot.policy;
  SSL_set_accept_state(ssl_);
}

TlsSession::TlsSession(const TlsClient& client, const Address& target,
                       config::TargetProtocol protocol, TlsScratch& scratch, int socket)
    : scratch_(scratch), socket_(socket) {
  start(client.new_ssl(target, protocol));
  SSL_set_connect_state(ssl_);
}

TlsSession::~TlsSession() {
  SSL_free(ssl_);
}

void TlsSession::start(ssl_st* ssl) {
  TEAL_ASSERT(ssl != nullptr);
  ssl_ = ssl;
  set_session(ssl_, this);
  BIO* bio = BIO_new(socket_method());
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_, bio, bio);
  if (!scratch_.gathered) scratch_.gathered = std::make_unique<char[]>(TlsScratch::kRecord);
}

int TlsSession::receive(char* into, int size) {
  if (is_drained_ || error_ != 0) return -1;
  ssize_t n = 0;
  do n = ::recv(socket_, into, static_cast<std::size_t>(size), 0);
  while (n < 0 && errno == EINTR);
  if (n > 0) {
    is_drained_ = n < size;
    return static_cast<int>(n);
  }
  if (n == 0) {
    has_ended_ = true;
    return 0;
  }
  is_drained_ = true;
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    is_starved_ = true;
  } else {
    error_ = errno;
  }
  return -1;
}

void TlsSession::fail(int result) {
  if (failure_ != TlsFailure::none) return;
  const unsigned long code = ERR_peek_last_error();
  if (has_ended_ || error_ != 0) {
    failure_ = TlsFailure::closed;
  } else {
    failure_ = result == SSL_ERROR_SSL ? classify(code) : TlsFailure::closed;
  }
  ERR_clear_error();
  if (error_ == 0) error_ = EPROTO;
}

// ---- handshake ----------------------------------------------------------------------------------

TlsSession::Progress TlsSession::handshake() {
  if (is_ready_) return Progress::done;
  if (error_ != 0) return Progress::failed;
  flush_unsent();
  int result = 0;
  do {
    is_drained_ = is_starved_ = false;
    result = SSL_do_handshake(ssl_);
    if (result == 1) break;
    const int why = SSL_get_error(ssl_, result);
    if (why != SSL_ERROR_WANT_READ) fail(why);
    // A short read that did not make a whole message: the rest may be there by now, and a peer that
    // has closed is not announced again.
  } while (failure_ == TlsFailure::none && !is_starved_);
  send_sealed();  // an alert too
  if (failure_ != TlsFailure::none || error_ != 0) return Progress::failed;
  if (result != 1) return Progress::waiting;
  is_ready_ = true;
  read_identity();
  return Progress::done;
}

void TlsSession::read_identity() {
  if (!server_ || SSL_get_verify_mode(ssl_) == SSL_VERIFY_NONE) return;
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr || SSL_get_verify_result(ssl_) != X509_V_OK) return;
  ClientIdentity who;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest, &size);
  who.hash.assign(reinterpret_cast<const char*>(digest), size);
  const BioHandle text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* subject = nullptr;
  const long subject_size = BIO_get_mem_data(text.get(), &subject);
  who.subject.assign(subject, static_cast<std::size_t>(subject_size));
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* each = sk_GENERAL_NAME_value(names, i);
    if (each->type != GEN_URI && each->type != GEN_DNS) continue;
    const ASN1_STRING* value = each->d.ia5;
    (each->type == GEN_URI ? who.uris : who.dns)
        .emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                      static_cast<std::size_t>(ASN1_STRING_length(value)));
  }
  GENERAL_NAMES_free(names);
  ERR_clear_error();
  identity_ = identity_text(who);
}

bool TlsSession::was_resumed() const {
  return SSL_session_reused(ssl_) == 1;
}

bool TlsSession::is_http2() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &chosen, &size);
  return size == 2 && std::memcmp(chosen, "h2", 2) == 0;
}

bool TlsSession::is_tls13() const {
  return SSL_version(ssl_) == TLS1_3_VERSION;
}

// ---- reading ------------------------------------------------------------------------------------

ReadResult TlsSession::read(std::span<char> into) {
  ReadResult result;
  is_drained_ = is_starved_ = false;
  if (into.size() >= kLargeRead) SSL_set_default_read_buffer_len(ssl_, kLargeRead);
  bool more = error_ == 0;
  while (more && result.size < into.size()) {
    std::size_t n = 0;
    if (SSL_read_ex(ssl_, into.data() + result.size, into.size() - result.size, &n) == 1) {
      result.size += n;
      more = !is_drained_ || SSL_has_pending(ssl_) == 1;
      continue;
    }
    const int why = SSL_get_error(ssl_, 0);
    if (why == SSL_ERROR_WANT_READ) {
      // What came was no plaintext (a ticket, a part of a record): look once more before waiting.
      more = result.size == 0 && !is_starved_;
      is_drained_ = is_starved_;
      continue;
    }
    more = false;
    if (why == SSL_ERROR_ZERO_RETURN) {
      result.eof = true;
    } else {
      fail(why);
    }
  }
  result.drained = !more;
  // Nothing but an alert answers a read on TLS 1.2: "no renegotiation". Who asked is not served on.
  if (!scratch_.sealed.empty() && failure_ == TlsFailure::none && !is_tls13()) {
    failure_ = TlsFailure::renegotiation;
    error_ = EPROTO;
  }
  send_sealed();
  result.error = error_;
  return result;
}

// ---- writing ------------------------------------------------------------------------------------

void TlsSession::flush_unsent() {
  if (unsent_.empty() || error_ != 0) return;
  ssize_t n = 0;
  do n = ::send(socket_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK) error_ = errno;
    return;
  }
  if (static_cast<std::size_t>(n) == unsent_.size()) {
    unsent_ = {};
  } else {
    unsent_.erase(0, static_cast<std::size_t>(n));
  }
}

void TlsSession::send_sealed(bool end_follows) {
  std::string& sealed = scratch_.sealed;
  if (sealed.empty()) return;
  flush_unsent();
  std::size_t sent = 0;
  if (unsent_.empty()) {
    ssize_t n = 0;
    const int flags = MSG_NOSIGNAL | (end_follows ? MSG_MORE : 0);
    do n = ::send(socket_, sealed.data(), sealed.size(), flags);
    while (n < 0 && errno == EINTR);
    if (n >= 0) {
      sent = static_cast<std::size_t>(n);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && error_ == 0) {
      error_ = errno;
    }
  }
  unsent_.append(sealed, sent);
  if (unsent_.size() > kMaxUnsent && error_ == 0) error_ = ENOBUFS;
  sealed.clear();
}

bool TlsSession::seal(std::span<const char> bytes) {
  while (!bytes.empty()) {
    std::size_t n = 0;
    if (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &n) != 1) {
      fail(SSL_get_error(ssl_, 0));
      return false;
    }
    bytes = bytes.subspan(n);
  }
  return true;
}

/// The bytes of the next record: a large piece as it lies, small ones copied next to each other.
std::span<const char> TlsSession::next_record(std::span<const iovec>& pieces, std::size_t& at) {
  constexpr std::size_t kRecord = TlsScratch::kRecord;
  const auto left = [&] {
    return std::span(static_cast<const char*>(pieces.front().iov_base), pieces.front().iov_len)
        .subspan(at);
  };
  const auto skip = [&](std::size_t n) {
    at += n;
    while (!pieces.empty() && at == pieces.front().iov_len) {
      pieces = pieces.subspan(1);
      at = 0;
    }
  };
  const std::span<const char> first = left();
  if (first.size() >= kRecord || pieces.size() == 1) {
    const auto record = first.first(std::min(first.size(), kRecord));
    skip(record.size());
    return record;
  }
  std::size_t size = 0;
  while (!pieces.empty() && size < kRecord) {
    const std::span<const char> piece = left();
    const std::size_t n = std::min(piece.size(), kRecord - size);
    std::memcpy(scratch_.gathered.get() + size, piece.data(), n);
    size += n;
    skip(n);
  }
  return {scratch_.gathered.get(), size};
}

WriteResult TlsSession::write(std::span<const iovec> pieces, bool end_follows) {
  WriteResult result;
  flush_unsent();
  std::size_t at = 0;
  while (!pieces.empty() && unsent_.empty() && error_ == 0) {
    const std::span<const char> record = next_record(pieces, at);
    if (!seal(record)) break;
    result.size += record.size();
    if (scratch_.sealed.size() >= kSlice) send_sealed();
  }
  if (end_follows && pieces.empty()) seal_end();
  send_sealed(end_follows);
  result.error = error_;
  return result;
}

void TlsSession::seal_end() {
  if (!is_ready_ || is_silent_ || error_ != 0 || !unsent_.empty()) return;
  is_silent_ = true;
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

void TlsSession::send_close_notify() {
  seal_end();
  send_sealed();
}

}  // namespace teal::net
