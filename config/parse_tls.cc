// The `tls` sections, `redirect_https` and `hsts`. What is in the files is looked at in net/.
#include <utility>

#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxCertificates = 1000;

void parse_file(Mapping& keys, std::string_view key, FileName& file) {
  if (const auto value = keys.find(key))
    if (auto given = parse_file(*value)) file = std::move(*given);
}

void parse_version(Mapping& keys, TlsVersion& version) {
  keys.choice<TlsVersion>("min_version", version,
                          {{"1.2", TlsVersion::tls12}, {"1.3", TlsVersion::tls13}});
}

/// client_auth and client_ca, which go together.
void parse_clients(Mapping& keys, ClientPolicy& policy) {
  const Value& self = keys.self();
  const bool is_said = keys.has("client_auth");
  keys.choice<ClientAuth>("client_auth", policy.auth,
                          {{"none", ClientAuth::none},
                           {"optional", ClientAuth::optional},
                           {"required", ClientAuth::required}});
  parse_file(keys, "client_ca", policy.ca);
  if (policy.auth != ClientAuth::none && policy.ca.empty() &&
      !self.report().touches(self.path() + ".client_ca"))
    self.report().add_at(self.path() + ".client_auth",
                         "needs client_ca: the file with the certificates of who may have signed",
                         "add client_ca: FILE");
  if (policy.auth != ClientAuth::none) return;
  if (keys.has("client_ca"))
    self.report().add_at(self.path() + ".client_ca", "means nothing without client_auth",
                         "set client_auth: required, or remove client_ca");
  if (is_said) policy.ca = {};
}

Certificate parse_certificate(const Value& value, const ClientPolicy& clients) {
  Certificate certificate;
  certificate.clients = clients;
  Mapping keys(value);
  parse_file(keys, "certificate", certificate.chain);
  parse_file(keys, "key", certificate.key);
  parse_file(keys, "ocsp", certificate.ocsp);
  for (const std::string_view key : {"certificate", "key"})
    if (value.is_mapping() && !keys.has(key))
      value.problem("has no " + std::string(key),
                    "name its PEM file, like " + std::string(key) + ": /etc/teal/shop.pem");
  parse_clients(keys, certificate.clients);
  return certificate;
}

}  // namespace

ListenerTls parse_listener_tls(const Value& value) {
  ListenerTls tls;
  Mapping keys(value);
  ClientPolicy clients;
  parse_clients(keys, clients);
  if (const auto certificates = keys.find("certificates")) {
    for (const Value& item : certificates->items_or_one(kMaxCertificates))
      tls.certificates.push_back(parse_certificate(item, clients));
  }
  if (tls.certificates.empty() && !value.report().touches(value.path()))
    value.problem("has no certificates", "add certificates: [ { certificate: FILE, key: FILE } ]");
  parse_version(keys, tls.min_version);
  keys.duration("ticket_rotation", tls.ticket_rotation, seconds{1}, hours{24 * 3});
  return tls;
}

TargetTls parse_target_tls(const Value& value) {
  TargetTls tls;
  if (value.is("true")) return tls;
  Mapping keys(value);
  keys.boolean("verify", tls.verify);
  parse_file(keys, "ca", tls.ca);
  if (const auto name = keys.find("server_name"))
    if (const auto given = parse_host(*name)) tls.server_name = *given;
  parse_file(keys, "certificate", tls.chain);
  parse_file(keys, "key", tls.key);
  parse_version(keys, tls.min_version);
  if (tls.chain.empty() != tls.key.empty() && !value.report().touches(value.path()))
    value.report().add_at(value.path() + (tls.key.empty() ? ".certificate" : ".key"),
                          "certificate and key go together", "give both or neither");
  if (!tls.verify && !tls.ca.empty())
    value.report().add_at(value.path() + ".ca", "means nothing with verify: false",
                          "remove one of the two");
  return tls;
}

std::string parse_hsts(const Value& value) {
  Millis max_age = hours{24 * 365};
  bool subdomains = false;
  bool preload = false;
  if (value.is("false")) return {};
  if (!value.is("true")) {
    Mapping keys(value);
    keys.duration("max_age", max_age, Millis{0}, hours{24 * 730});
    keys.boolean("include_subdomains", subdomains);
    keys.boolean("preload", preload);
  }
  std::string text = "max-age=" + std::to_string(max_age.count() / 1000);
  if (subdomains) text += "; includeSubDomains";
  if (preload) text += "; preload";
  return text;
}

std::optional<HttpsRedirect> parse_redirect(const Value& value) {
  HttpsRedirect redirect;
  if (value.is("false")) return std::nullopt;
  if (value.is("true")) return redirect;
  Mapping keys(value);
  keys.choice<std::uint16_t>("status", redirect.status, {{"308", 308}, {"301", 301}});
  std::uint32_t port = redirect.port;
  keys.integer("port", port, 1, 65535);
  redirect.port = static_cast<std::uint16_t>(port);
  return redirect;
}

}  // namespace teal::config
