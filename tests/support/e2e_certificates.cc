#include "tests/support/e2e_certificates.h"

#include <stdexcept>

namespace teal::e2e {

Certificates::Certificates(const std::string& directory) : directory_(directory) {
  openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
           "-days", "2", "-subj", "/CN=Test authority", "-keyout", *this / "ca.key", "-out",
           *this / "ca.crt"});
}

std::string Certificates::openssl(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), "openssl");
  const Finished done = run(arguments);
  if (done.code != 0) throw std::runtime_error("openssl failed: " + done.err);
  return done.out;
}

void Certificates::make(const std::string& name, const std::string& alternatives) const {
  const std::string base = *this / name;
  openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
           "/CN=" + name, "-keyout", base + ".key", "-out", base + ".csr"});
  write_file(base + ".ext",
             "subjectAltName=" + alternatives + "\nextendedKeyUsage=serverAuth,clientAuth\n");
  openssl({"x509", "-req", "-in", base + ".csr", "-CA", *this / "ca.crt", "-CAkey",
           *this / "ca.key", "-CAcreateserial", "-days", "2", "-extfile", base + ".ext", "-out",
           base + ".crt"});
}

void Certificates::make_staple(const std::string& name) const {
  const std::string base = *this / name;
  std::string serial = openssl({"x509", "-in", base + ".crt", "-noout", "-serial"});
  serial = serial.substr(serial.find('=') + 1);
  while (serial.ends_with('\n')) serial.pop_back();
  // A line of the database of `openssl ca`: state, expiry, revocation, serial, file, subject.
  write_file(base + ".index", "V\t490101000000Z\t\t" + serial + "\tunknown\t/CN=" + name + "\n");
  openssl({"ocsp", "-index", base + ".index", "-CA", *this / "ca.crt", "-rsigner", *this / "ca.crt",
           "-rkey", *this / "ca.key", "-issuer", *this / "ca.crt", "-cert", base + ".crt", "-ndays",
           "1", "-respout", base + ".ocsp"});
}

std::string Certificates::entry(const std::string& name, const std::string& more) const {
  return "{ certificate: \"" + directory_ + '/' + name + ".crt\", key: \"" + directory_ + '/' +
         name + ".key" + '"' + more + " }";
}

}  // namespace teal::e2e
