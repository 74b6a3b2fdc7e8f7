// TlsTable: the TLS of all listeners and services as control has it now, one immutable snapshot
// that every worker gets at the start, after a reload of certificates and when ticket keys rotate.
#pragma once

#include <memory>
#include <vector>

#include "net/tls/client.h"
#include "net/tls/server.h"

namespace teal::proxy {

struct TlsTable {
  /// As Config::listeners; null: plain.
  std::vector<std::shared_ptr<const net::TlsServer>> listeners;
  /// As Config::services; null: plain.
  std::vector<std::shared_ptr<const net::TlsClient>> services;
};

}  // namespace teal::proxy
