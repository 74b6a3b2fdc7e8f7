#include "net/tls/files.h"

#include <sys/stat.h>

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/file.h"

namespace teal::net {
namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;
constexpr std::size_t kMaxChainLength = 10;

using OcspHandle = std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>>;
using BasicHandle = std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>>;
using CertIdHandle = std::unique_ptr<OCSP_CERTID, FreeWith<OCSP_CERTID_free>>;

void fault(FileFaults& faults, const config::FileName& file, std::string message,
           std::string hint = {}) {
  faults.push_back({file, std::move(message), std::move(hint), true});
}

void warn(FileFaults& faults, const config::FileName& file, std::string message,
          std::string hint = {}) {
  faults.push_back({file, std::move(message), std::move(hint), false});
}

BioHandle open_text(const std::string& text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// "is not PEM", "has no certificate, but a PRIVATE KEY".
std::string what_is_missing(const std::string& text, const std::string& wanted) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  const std::size_t begin = text.find(kBegin);
  if (begin == std::string::npos)
    return "is not PEM: it has no line -----BEGIN " + wanted + "-----";
  const std::size_t name = begin + kBegin.size();
  const std::string found =
      text.substr(name, std::min<std::size_t>(text.find("--", name) - name, 40));
  if (found.find(wanted) == std::string::npos) return "has no " + wanted + " in it, but a " + found;
  return "has a damaged " + wanted + " in it";
}

WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

std::string in_words(const ASN1_TIME* time) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(out.get(), time);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::vector<X509Handle> read_certificates(const std::string& text, bool& damaged) {
  std::vector<X509Handle> list;
  const BioHandle in = open_text(text);
  while (X509Handle next{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)})
    list.push_back(std::move(next));
  const unsigned long last = ERR_peek_last_error();
  damaged = last != 0 && ERR_GET_REASON(last) != PEM_R_NO_START_LINE;
  ERR_clear_error();
  return list;
}

std::vector<std::string> names_of(X509& certificate) {
  std::vector<std::string> names;
  auto* alternatives = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* each = sk_GENERAL_NAME_value(alternatives, i);
    if (each->type != GEN_DNS) continue;
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(each->d.dNSName)));
  }
  GENERAL_NAMES_free(alternatives);
  if (!names.empty()) return names;
  char common[256];
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(&certificate), NID_commonName,
                                             common, sizeof common);
  if (size > 0) names.emplace_back(common, static_cast<std::size_t>(size));
  return names;
}

bool check_chain(const config::FileName& file, const std::vector<X509Handle>& chain,
                 FileFaults& faults) {
  if (chain.size() > kMaxChainLength) {
    fault(faults, file,
          "has " + std::to_string(chain.size()) + " certificates; at most " +
              std::to_string(kMaxChainLength) + " make a chain");
    return false;
  }
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    if (X509_check_issued(chain[i + 1].get(), chain[i].get()) == X509_V_OK) continue;
    fault(faults, file,
          "is not a chain: certificate " + std::to_string(i + 2) +
              " is not the one that certifies " + "certificate " + std::to_string(i + 1),
          "put the own certificate first, then its issuer, then the issuer's, and nothing else");
    return false;
  }
  return true;
}

void check_dates(const config::FileName& file, const std::vector<X509Handle>& chain, WallTime now,
                 FileFaults& faults) {
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const std::string which = chain.size() == 1 ? "" : "certificate " + std::to_string(i + 1) + " ";
    if (time_of(X509_get0_notAfter(chain[i].get())) < now)
      warn(faults, file, which + "expired on " + in_words(X509_get0_notAfter(chain[i].get())),
           "clients will refuse it: renew it");
    if (time_of(X509_get0_notBefore(chain[i].get())) > now)
      warn(faults, file,
           which + "is not valid before " + in_words(X509_get0_notBefore(chain[i].get())));
  }
}

int no_password(char* /*into*/, int /*size*/, int /*write*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

KeyHandle load_key(const config::FileName& file, FileFaults& faults) {
  const std::optional<std::string> text = read_file(file, faults);
  if (!text) return nullptr;
  bool was_asked = false;
  const BioHandle in = open_text(*text);
  KeyHandle key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, &was_asked));
  ERR_clear_error();
  if (!key && was_asked)
    fault(faults, file, "is encrypted, and there is nobody to ask for the password",
          "decrypt it with openssl pkey, and protect the file");
  else if (!key)
    fault(faults, file, what_is_missing(*text, "PRIVATE KEY"));
  struct stat status{};
  if (key && ::stat(file.path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0)
    warn(faults, file, "can be read by everybody on this machine", "chmod o-r " + file.path);
  return key;
}

}  // namespace

bool has_fatal(const FileFaults& faults) {
  for (const FileFault& each : faults)
    if (each.fatal) return true;
  return false;
}

std::optional<std::string> read_file(const config::FileName& file, FileFaults& faults) {
  FileText read = read_regular_file(file.path, kMaxFileBytes);
  if (read) return std::move(read.text);
  fault(faults, file, file.path + ' ' + read.fault, read.remedy);
  return std::nullopt;
}

std::optional<Credentials> load_credentials(const config::FileName& chain,
                                            const config::FileName& key, WallTime now,
                                            FileFaults& faults) {
  Credentials loaded;
  const std::optional<std::string> text = read_file(chain, faults);
  if (text) {
    bool damaged = false;
    loaded.chain = read_certificates(*text, damaged);
    if (loaded.chain.empty() || damaged)
      fault(faults, chain, chain.path + ' ' + what_is_missing(*text, "CERTIFICATE"));
    if (damaged) loaded.chain.clear();
  }
  const std::size_t before = faults.size();
  loaded.key = load_key(key, faults);
  for (std::size_t i = before; i < faults.size(); ++i)
    if (!faults[i].message.starts_with(key.path)) faults[i].message.insert(0, key.path + ' ');
  if (loaded.chain.empty()) return std::nullopt;
  if (!check_chain(chain, loaded.chain, faults)) return std::nullopt;
  check_dates(chain, loaded.chain, now, faults);
  if (!loaded.key) return std::nullopt;
  if (X509_check_private_key(loaded.chain.front().get(), loaded.key.get()) != 1) {
    ERR_clear_error();
    fault(faults, key, key.path + " does not belong to the certificate in " + chain.path,
          "give the key that the certificate was requested with");
    return std::nullopt;
  }
  loaded.names = names_of(loaded.leaf());
  loaded.not_after = time_of(X509_get0_notAfter(&loaded.leaf()));
  return loaded;
}

std::optional<CaBundle> load_ca(const config::FileName& file, FileFaults& faults) {
  const std::optional<std::string> text = read_file(file, faults);
  if (!text) return std::nullopt;
  CaBundle bundle;
  bool damaged = false;
  bundle.certificates = read_certificates(*text, damaged);
  if (bundle.certificates.empty() || damaged) {
    fault(faults, file, file.path + ' ' + what_is_missing(*text, "CERTIFICATE"));
    return std::nullopt;
  }
  bundle.store.reset(X509_STORE_new());
  for (const X509Handle& each : bundle.certificates)
    X509_STORE_add_cert(bundle.store.get(), each.get());
  bundle.fingerprint = sha256(*text);
  return bundle;
}

namespace {

/// What the response says of a certificate whose issuer is not known: the serial number tells.
OCSP_SINGLERESP* find_serial(OCSP_BASICRESP& response, X509& leaf) {
  for (int i = 0; i < OCSP_resp_count(&response); ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(&response, i);
    ASN1_INTEGER* serial = nullptr;
    auto* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));
    if (OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial, id) == 1 &&
        ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(&leaf)) == 0)
      return single;
  }
  return nullptr;
}

}  // namespace

std::string load_ocsp(const config::FileName& file, const Credentials& about, WallTime now,
                      FileFaults& faults) {
  const std::optional<std::string> der = read_file(file, faults);
  if (!der) {
    faults.back().fatal = false;  // without a staple clients ask for themselves
    return {};
  }
  const auto* at = reinterpret_cast<const unsigned char*>(der->data());
  const OcspHandle response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der->size())));
  const BasicHandle basic(response && OCSP_response_status(response.get()) ==
                                          OCSP_RESPONSE_STATUS_SUCCESSFUL
                              ? OCSP_response_get1_basic(response.get())
                              : nullptr);
  ERR_clear_error();
  if (!basic) {
    warn(faults, file, file.path + " is not a successful OCSP response in DER",
         "make it with openssl ocsp -respout");
    return {};
  }
  OCSP_SINGLERESP* single = nullptr;
  if (about.chain.size() > 1) {
    const CertIdHandle id(OCSP_cert_to_id(nullptr, &about.leaf(), about.chain[1].get()));
    const int found = OCSP_resp_find(basic.get(), id.get(), -1);
    single = found < 0 ? nullptr : OCSP_resp_get0(basic.get(), found);
  } else {
    single = find_serial(*basic, about.leaf());
  }
  if (single == nullptr) {
    warn(faults, file, file.path + " is about another certificate");
    return {};
  }
  ASN1_GENERALIZEDTIME* next = nullptr;
  OCSP_single_get0_status(single, nullptr, nullptr, nullptr, &next);
  if (next != nullptr && time_of(next) < now) {
    warn(faults, file, file.path + " expired on " + in_words(next) + " and is not stapled",
         "renew it");
    return {};
  }
  return *der;
}

std::string sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace teal::net
