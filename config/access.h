// Who may ask for what: by address, by a password, by the word of another service. Part of
// config/config.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/time.h"
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

/// Answers of the auth service that are taken for requests like the one it was given for.
struct AuthCache {
  std::vector<std::string> key;  ///< Headers by whose values requests are alike; lower case.
  Millis period{0};              ///< For so long.
  bool operator==(const AuthCache&) const = default;
};

/// Another service of the file says whether a request goes on.
struct ForwardAuth {
  std::string service;
  std::string path = "/";
  Millis timeout{2000};
  /// What of the request's headers it sees, lower case; nothing: all that end-to-end fields are.
  std::optional<std::vector<std::string>> copy_request_headers;
  /// What of its answer's headers the request goes on with, lower case. A client's own of these
  /// names never do.
  std::vector<std::string> copy_response_headers;
  std::optional<AuthCache> cache;
  bool operator==(const ForwardAuth&) const = default;
};

}  // namespace teal::config
