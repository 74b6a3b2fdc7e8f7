// How the targets of a service are found while Teal runs, as the file says it. Part of
// config/config.h; what is made of it is control/discovery/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/time.h"

namespace teal::config {

/// One entry of a service's `discover`: a name to ask for, or files to read.
struct DiscoverSource {
  enum class Kind : std::uint8_t { dns, file };
  /// What is asked of a name.
  enum class Records : std::uint8_t { a, aaaa, both, srv };

  Kind kind = Kind::dns;
  Records records = Records::both;
  std::string name;        ///< dns: in lower case, without a last dot.
  std::uint16_t port = 0;  ///< dns: of the targets; 0 for SRV, whose records have it.
  std::string path;        ///< file: its last part may be a pattern.
  /// What the targets run where nothing says more: `revision`, or what the file gives the live
  /// group.
  std::string revision;
  std::vector<Cidr> allow_ranges;  ///< Addresses that else would not be believed.
  bool allow_empty = false;        ///< An empty answer means that there are no targets.

  bool operator==(const DiscoverSource&) const = default;
};

/// Names a source within its service, and to people: "dns:app.internal:9001",
/// "dns:_http._tcp.app.internal", "file:/etc/teal/targets.json".
std::string source_text(const DiscoverSource& source);
/// The same set comes of both, whatever of it is believed.
bool is_same_source(const DiscoverSource& a, const DiscoverSource& b);

/// Of the whole process: who is asked for names, and how often.
struct Discovery {
  std::vector<Address> resolvers;  ///< Empty: those of /etc/resolv.conf.
  Millis timeout{2000};            ///< Of one try; there are two.
  /// A name is asked for again when its time is over, which counts as no less and no more.
  Millis min_refresh{1000};
  Millis max_refresh{300'000};

  bool operator==(const Discovery&) const = default;
};

}  // namespace teal::config
