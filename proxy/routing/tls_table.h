// TlsTable: the TLS of all listeners and services as control has it now, by their names: one
// snapshot for each time that certificates are read or ticket keys rotate.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "net/tls/client.h"
#include "net/tls/server.h"

namespace teal::proxy {

struct TlsTable {
  template <class Tls>
  using ByName = std::map<std::string, std::shared_ptr<const Tls>, std::less<>>;

  ByName<net::TlsServer> listeners;  ///< Those that are not plain.
  ByName<net::TlsClient> services;   ///< Those whose targets are not.

  /// Null: plain.
  template <class Tls>
  static std::shared_ptr<const Tls> find(const ByName<Tls>& all, const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? nullptr : found->second;
  }
};

}  // namespace teal::proxy
