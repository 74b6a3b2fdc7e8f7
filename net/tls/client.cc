#include "net/tls/client.h"

#include <utility>

#include <openssl/x509v3.h>

#include "net/tls/files.h"
#include "net/tls/server_parts.h"

namespace teal::net {
namespace {

bool is_ip(const std::string& host) {
  return parse_ip(host).has_value();
}

void set_protocol(SSL_CTX* context, const config::TargetTls& spec) {
  SSL_CTX_set_min_proto_version(
      context, spec.min_version == config::TlsVersion::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

void offer(SSL* ssl, config::TargetProtocol protocol) {
  using config::TargetProtocol;
  const std::size_t begin = protocol == TargetProtocol::http1 ? kAlpnHttp1 : 0;
  const std::size_t end = protocol == TargetProtocol::http2 ? kAlpnHttp1 : sizeof kAlpn;
  SSL_set_alpn_protos(ssl, kAlpn + begin, static_cast<unsigned>(end - begin));
}

bool trust(SSL_CTX* context, const config::TargetTls& spec, FileFaults& faults) {
  SSL_CTX_set_verify(context, spec.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!spec.verify) return true;
  if (spec.ca.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return true;
  }
  std::optional<CaBundle> ca = load_ca(spec.ca, faults);
  if (!ca) return false;
  SSL_CTX_set_cert_store(context, ca->store.release());
  return true;
}

bool show(SSL_CTX* context, const config::TargetTls& spec, WallTime now, FileFaults& faults) {
  if (spec.chain.empty()) return true;
  const std::optional<Credentials> own = load_credentials(spec.chain, spec.key, now, faults);
  if (!own) return false;
  bool good = SSL_CTX_use_certificate(context, &own->leaf()) == 1;
  for (std::size_t i = 1; good && i < own->chain.size(); ++i)
    good = SSL_CTX_add1_chain_cert(context, own->chain[i].get()) == 1;
  good = good && SSL_CTX_use_PrivateKey(context, own->key.get()) == 1;
  if (!good)
    faults.push_back({spec.chain, spec.chain.path + " cannot be used: " + take_tls_error(), ""});
  return good;
}

}  // namespace

TlsClient::TlsClient(ssl_ctx_st* context, config::TargetTls spec)
    : context_(context), spec_(std::move(spec)) {}

TlsClient::~TlsClient() {
  SSL_CTX_free(context_);
}

std::shared_ptr<const TlsClient> TlsClient::make(const config::TargetTls& spec, WallTime now,
                                                 FileFaults& faults) {
  CtxHandle context(SSL_CTX_new(TLS_client_method()));
  set_protocol(context.get(), spec);
  const bool trusts = trust(context.get(), spec, faults);
  const bool shows = show(context.get(), spec, now, faults);
  ERR_clear_error();
  if (!trusts || !shows || has_fatal(faults)) return nullptr;
  return std::shared_ptr<const TlsClient>(new TlsClient(context.release(), spec));
}

ssl_st* TlsClient::new_ssl(const Address& target, config::TargetProtocol protocol) const {
  SSL* ssl = SSL_new(context_);
  offer(ssl, protocol);
  const std::string& name = spec_.server_name;
  const bool target_is_ip = target.kind != Address::Kind::unix_socket;
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  if (!name.empty() && !is_ip(name)) {
    SSL_set_tlsext_host_name(ssl, name.c_str());
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl, name.c_str());
  } else if (!name.empty()) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str());
  } else if (target_is_ip) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, target.host.c_str());
  }
  return ssl;
}

}  // namespace teal::net
