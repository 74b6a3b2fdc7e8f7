// TlsClient: how the targets of one service are spoken to over TLS: whom to trust, which name to
// ask for and to insist on, what to show of ourselves. Immutable; made by the control thread, used
// by workers, probes and the command line.
#pragma once

#include <memory>
#include <string>

#include "base/address.h"
#include "base/time.h"
#include "config/config.h"
#include "net/tls/fault.h"

struct ssl_st;
struct ssl_ctx_st;

namespace teal::net {

class TlsClient {
 public:
  /// Null where a fault is fatal.
  static std::shared_ptr<const TlsClient> make(const config::TargetTls& spec, WallTime now,
                                               FileFaults& faults);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// A connection to this target that offers what `protocol` says. The caller owns it.
  ssl_st* new_ssl(const Address& target, config::TargetProtocol protocol) const;

 private:
  TlsClient(ssl_ctx_st* context, config::TargetTls spec);

  ssl_ctx_st* context_;
  config::TargetTls spec_;
};

}  // namespace teal::net
