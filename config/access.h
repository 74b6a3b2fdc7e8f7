// Who may ask for what: by address, by a password. Part of config/config.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "config/tls.h"

namespace teal::config {

/// Clients by their address.
struct AddressList {
  std::vector<Cidr> blocks;
  bool unix_sockets = false;  ///< Those who have no address, since they came by a Unix socket.
  bool operator==(const AddressList&) const = default;
};

/// Who is denied is refused, whoever is allowed; and where some are allowed, all others are.
struct AddressRules {
  std::optional<AddressList> allow;  ///< Nothing: everybody.
  AddressList deny;
  bool empty() const { return !allow && deny == AddressList{}; }
  bool operator==(const AddressRules&) const = default;
};

/// A name and a password of a file (net/password/password_file.h); RFC 7617.
struct BasicAuth {
  FileName file;
  std::string realm = "restricted";
  bool forward = true;  ///< Targets see the Authorization that was good here.
  bool operator==(const BasicAuth&) const = default;
};

}  // namespace teal::config
