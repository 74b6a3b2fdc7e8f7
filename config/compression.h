// Which responses of targets are compressed on their way to clients. Part of config/config.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace teal::config {

struct Compression {
  bool brotli = true;  ///< Before gzip, where the client likes both alike.
  bool gzip = true;
  std::uint32_t min_bytes = 1024;  ///< Shorter responses go as they are.
  std::vector<std::string> types{"application/javascript",
                                 "application/json",
                                 "application/manifest+json",
                                 "application/wasm",
                                 "application/xml",
                                 "image/svg+xml",
                                 "text/css",
                                 "text/html",
                                 "text/javascript",
                                 "text/plain",
                                 "text/xml"};
  bool operator==(const Compression&) const = default;
};

}  // namespace teal::config
