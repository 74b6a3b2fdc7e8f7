// What OpenSSL asks while a client shakes hands: which certificate (SNI), which protocol (ALPN),
// which ticket key, which staple. Runs on the worker of the connection; reads the snapshot that its
// session holds.
#include <algorithm>
#include <cstring>

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include "net/tls/server_parts.h"
#include "net/tls/session.h"

namespace teal::net {
namespace {

int session_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

/// The one host_name of RFC 6066, section 3, or empty.
std::string_view server_name_of(SSL* ssl) {
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1) return {};
  constexpr std::size_t kHead = 5;  // Length of the list, type, length of the name.
  if (size <= kHead || bytes[2] != TLSEXT_NAMETYPE_host_name) return {};
  const std::size_t list = std::size_t{bytes[0]} << 8U | bytes[1];
  const std::size_t length = std::size_t{bytes[3]} << 8U | bytes[4];
  if (list + 2 != size || length + kHead > size) return {};
  return {reinterpret_cast<const char*>(bytes) + kHead, length};
}

/// Before anything else is read of the hello, so that a session to resume meets the rules of the
/// name that is asked for.
int on_hello(SSL* ssl, int* /*alert*/, void* /*unused*/) {
  TlsSession* session = session_of(ssl);
  if (session == nullptr) return SSL_CLIENT_HELLO_SUCCESS;
  const TlsServer::Certificates& parts = session->server()->parts();
  const auto& slot = *parts.slots[parts.names.find(server_name_of(ssl))];
  SSL_set_SSL_CTX(ssl, slot.context.get());
  SSL_set_verify(ssl, slot.verify_mode, nullptr);
  session->set_policy(slot.policy);
  return SSL_CLIENT_HELLO_SUCCESS;
}

int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* size, const unsigned char* offered,
            unsigned offered_size, void* slot) {
  unsigned char* chosen = nullptr;
  // The cold paths, which have no session, speak HTTP/1 only.
  const bool http2 =
      session_of(ssl) != nullptr && static_cast<TlsServer::Certificates::Slot*>(slot)->http2;
  const std::size_t from = http2 ? 0 : kAlpnHttp1;
  const int result =
      SSL_select_next_proto(&chosen, size, kAlpn + from, static_cast<unsigned>(sizeof kAlpn - from),
                            offered, offered_size);
  *out = chosen;
  // RFC 7301, section 3.2: without a common protocol the handshake ends.
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool start_mac(EVP_MAC_CTX* mac, const TicketKey& key) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                        const_cast<std::uint8_t*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int seal) {
  constexpr int kFailed = -1, kUnknown = 0, kGood = 1, kGoodButRenew = 2;
  const TlsSession* session = session_of(ssl);
  if (session == nullptr) return kUnknown;
  const TicketKeys& keys = session->server()->keys();
  if (seal != 0) {
    const TicketKey& key = keys.newest();
    std::ranges::copy(key.name, name);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return kFailed;
    const bool good = EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv);
    return good && start_mac(mac, key) ? kGood : kFailed;
  }
  const TicketKey* key = keys.find(std::span<const std::uint8_t, 16>(name, 16));
  if (key == nullptr) return kUnknown;
  const bool good = EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv);
  if (!good || !start_mac(mac, *key)) return kFailed;
  return key == &keys.newest() ? kGood : kGoodButRenew;
}

int on_status(SSL* ssl, void* slot) {
  const std::string& staple = static_cast<TlsServer::Certificates::Slot*>(slot)->staple;
  if (staple.empty()) return SSL_TLSEXT_ERR_NOACK;
  auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(staple.data(), staple.size()));
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(staple.size()));
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TlsSession* session_of(const SSL* ssl) {
  return static_cast<TlsSession*>(SSL_get_ex_data(ssl, session_index()));
}

void set_session(SSL* ssl, TlsSession* session) {
  SSL_set_ex_data(ssl, session_index(), session);
}

void install_callbacks(SSL_CTX* context, TlsServer::Certificates::Slot& slot) {
  SSL_CTX_set_client_hello_cb(context, on_hello, nullptr);
  SSL_CTX_set_alpn_select_cb(context, on_alpn, &slot);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
  if (slot.staple.empty()) return;
  SSL_CTX_set_tlsext_status_cb(context, on_status);
  SSL_CTX_set_tlsext_status_arg(context, &slot);
}

}  // namespace teal::net
