// Reads the files of TLS: certificate chains, keys, CA bundles, OCSP responses; says of each what
// is wrong with it. For net/tls/server.cc and net/tls/client.cc.
//
// Cold path, any thread; blocks on the disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/tls/fault.h"
#include "net/tls/handles.h"

namespace teal::net {

struct Credentials {
  std::vector<X509Handle> chain;  ///< The own certificate first.
  KeyHandle key;
  std::vector<std::string> names;  ///< DNS names of the certificate, or its common name.
  WallTime not_after;

  X509& leaf() const { return *chain.front(); }
};

/// Nothing where a fault is fatal. What is expired is a fault that is not.
std::optional<Credentials> load_credentials(const config::FileName& chain,
                                            const config::FileName& key, WallTime now,
                                            FileFaults& faults);

struct CaBundle {
  StoreHandle store;
  std::vector<X509Handle> certificates;
  std::string fingerprint;  ///< SHA-256 of the file.
};
std::optional<CaBundle> load_ca(const config::FileName& file, FileFaults& faults);

/// The DER bytes of a good, current response about this certificate; empty where it is not one.
std::string load_ocsp(const config::FileName& file, const Credentials& about, WallTime now,
                      FileFaults& faults);

/// The whole regular file of at most 1 MiB.
std::optional<std::string> read_file(const config::FileName& file, FileFaults& faults);

std::string sha256(std::string_view bytes);

}  // namespace teal::net
