#include "net/tls/server.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "net/tls/server_parts.h"

namespace teal::net {
namespace {

/// Mozilla's intermediate list of 2026 for TLS 1.2: forward secrecy and AEAD only.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
/// Of TLS 1.3, by the same list. SHA-256 comes first: a processor that has instructions for it
/// spends a fifth less on a handshake than with SHA-384.
constexpr const char* kSuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";

int verify_mode(config::ClientAuth auth) {
  switch (auth) {
    case config::ClientAuth::none: return SSL_VERIFY_NONE;
    case config::ClientAuth::optional: return SSL_VERIFY_PEER;
    case config::ClientAuth::required: return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  return SSL_VERIFY_NONE;
}

void set_protocol(SSL_CTX* context, const config::ListenerTls& spec) {
  SSL_CTX_set_min_proto_version(
      context, spec.min_version == config::TlsVersion::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kCiphers);
  SSL_CTX_set_ciphersuites(context, kSuites);
  SSL_CTX_set1_groups_list(context, kGroups);
  // Our order of ciphers, but for clients that would rather have ChaCha20: those without AES in
  // hardware.
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  // Sessions live in tickets: nothing is kept for a client that may never come back.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // One ticket for a handshake, instead of two: each costs a twentieth of it, and whoever resumes
  // gets another.
  SSL_CTX_set_num_tickets(context, 1);
  const Millis lifetime = spec.ticket_rotation * static_cast<int>(TicketKeys::kKept - 1);
  SSL_CTX_set_timeout(context, std::max<long>(1, static_cast<long>(lifetime.count() / 1000)));
}

/// A session must not carry a client past a rule that it was not checked against: the context of
/// sessions is the listener, the certificate and who may sign clients.
void set_session_context(SSL_CTX* context, const std::string& listener, std::size_t certificate,
                         const config::ClientPolicy& clients, const std::string& ca) {
  const std::string text = listener + '\n' + std::to_string(certificate) + '\n' +
                           std::to_string(static_cast<int>(clients.auth)) + '\n' + ca;
  const std::string digest = sha256(text);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(digest.data()),
                                 static_cast<unsigned>(digest.size()));
}

bool use(SSL_CTX* context, const Credentials& loaded, const config::Certificate& spec,
         FileFaults& faults) {
  bool good = SSL_CTX_use_certificate(context, &loaded.leaf()) == 1;
  for (std::size_t i = 1; good && i < loaded.chain.size(); ++i)
    good = SSL_CTX_add1_chain_cert(context, loaded.chain[i].get()) == 1;
  if (!good) {
    faults.push_back({spec.chain, spec.chain.path + " cannot be used: " + take_tls_error(), ""});
    return false;
  }
  if (SSL_CTX_use_PrivateKey(context, loaded.key.get()) == 1) return true;
  faults.push_back({spec.key, spec.key.path + " cannot be used: " + take_tls_error(), ""});
  return false;
}

void ask_clients(SSL_CTX* context, CaBundle& ca) {
  for (const X509Handle& each : ca.certificates) SSL_CTX_add_client_CA(context, each.get());
  SSL_CTX_set_cert_store(context, ca.store.release());
}

using Policies = std::map<std::tuple<config::ClientAuth, std::string>, std::uint32_t>;

std::unique_ptr<TlsServer::Certificates::Slot> make_slot(const std::string& listener,
                                                         std::size_t index,
                                                         const config::ListenerTls& tls,
                                                         WallTime now, Policies& policies,
                                                         FileFaults& faults) {
  const config::Certificate& spec = tls.certificates[index];
  auto slot = std::make_unique<TlsServer::Certificates::Slot>();
  const std::optional<Credentials> loaded = load_credentials(spec.chain, spec.key, now, faults);
  std::optional<CaBundle> ca;
  if (!spec.clients.ca.empty()) ca = load_ca(spec.clients.ca, faults);
  if (!loaded || (!spec.clients.ca.empty() && !ca)) return nullptr;
  if (!spec.ocsp.empty()) slot->staple = load_ocsp(spec.ocsp, *loaded, now, faults);
  slot->context.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = slot->context.get();
  set_protocol(context, tls);
  if (!use(context, *loaded, spec, faults)) return nullptr;
  const std::string fingerprint = ca ? ca->fingerprint : std::string();
  set_session_context(context, listener, index, spec.clients, fingerprint);
  slot->http2 = tls.http2;
  slot->verify_mode = verify_mode(spec.clients.auth);
  SSL_CTX_set_verify(context, slot->verify_mode, nullptr);
  if (ca) ask_clients(context, *ca);
  const auto next = static_cast<std::uint32_t>(policies.size());
  slot->policy = policies.try_emplace({spec.clients.auth, fingerprint}, next).first->second;
  slot->view = {spec.chain.path, loaded->names, loaded->not_after};
  install_callbacks(context, *slot);
  return slot;
}

}  // namespace

std::shared_ptr<const TlsServer> TlsServer::make(const std::string& name,
                                                 const config::ListenerTls& spec,
                                                 const TicketKeys& keys, WallTime now,
                                                 FileFaults& faults) {
  auto parts = std::make_shared<Certificates>();
  Policies policies;
  for (std::size_t i = 0; i < spec.certificates.size(); ++i) {
    std::unique_ptr<Certificates::Slot> slot = make_slot(name, i, spec, now, policies, faults);
    if (!slot) continue;
    for (const std::string& each : slot->view.names) parts->names.add(each, i);
    parts->slots.push_back(std::move(slot));
  }
  ERR_clear_error();
  if (has_fatal(faults) || parts->slots.size() != spec.certificates.size()) return nullptr;
  parts->has_policies = policies.size() > 1;
  return std::shared_ptr<const TlsServer>(new TlsServer(std::move(parts), keys));
}

std::shared_ptr<const TlsServer> TlsServer::with_keys(const TicketKeys& keys) const {
  return std::shared_ptr<const TlsServer>(new TlsServer(certificates_, keys));
}

TlsServer::~TlsServer() = default;

std::vector<CertificateView> TlsServer::certificates() const {
  std::vector<CertificateView> views;
  views.reserve(certificates_->slots.size());
  for (const auto& slot : certificates_->slots) views.push_back(slot->view);
  return views;
}

std::uint32_t TlsServer::policy_of(std::string_view server_name) const {
  return certificates_->slots[certificates_->names.find(server_name)]->policy;
}

bool TlsServer::has_policies() const {
  return certificates_->has_policies;
}

ssl_st* TlsServer::new_plain_ssl() const {
  SSL* ssl = SSL_new(certificates_->slots.front()->context.get());
  SSL_set_options(ssl, SSL_OP_NO_TICKET);
  return ssl;
}

}  // namespace teal::net
