// TlsNames: which certificate of a listener a client gets, by the name it asks for (SNI, RFC 6066
// section 3). An exact name before a wildcard (one label, RFC 6125 section 6.4.3), before the first
// certificate.
//
// Pure and immutable once built. Does not know certificates.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace teal::net {

class TlsNames {
 public:
  /// "shop.example.com" or "*.example.com", in any case. The first certificate with a name has it.
  void add(std::string_view name, std::size_t certificate);
  /// 0, the first certificate, where none has the name, and where there is no name.
  std::size_t find(std::string_view name) const;

 private:
  std::unordered_map<std::string, std::size_t> exact_;
  std::unordered_map<std::string, std::size_t> wildcards_;  ///< By ".example.com".
};

}  // namespace teal::net
