// Certificates: an authority of the test's own and what it signs, made by the openssl command in a
// directory of the test. No keys are kept in the tree.
//
// One thread.
#pragma once

#include <string>
#include <vector>

#include "tests/support/e2e_process.h"

namespace teal::e2e {

class Certificates {
 public:
  /// Makes the authority: ca.crt, ca.key.
  explicit Certificates(const std::string& directory);

  /// NAME.crt and NAME.key, P-256, for these alternative names ("DNS:a.example,IP:127.0.0.1").
  void make(const std::string& name, const std::string& alternatives) const;
  /// NAME.ocsp: the authority's word that NAME.crt is good.
  void make_staple(const std::string& name) const;
  std::string operator/(const std::string& file) const { return directory_ + '/' + file; }
  /// "{ certificate: .., key: .. }" for a configuration; `more` keys follow.
  std::string entry(const std::string& name, const std::string& more = {}) const;

 private:
  /// What it printed; throws if it fails.
  std::string openssl(std::vector<std::string> arguments) const;

  std::string directory_;
};

}  // namespace teal::e2e
