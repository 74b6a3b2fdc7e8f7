// What a route says: which requests belong to it, and what is done with them besides asking a
// target. Part of config/config.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace teal::config {

// ---- which requests ---------------------------------------------------------------------------

/// Of the lines of a header one has to fit.
struct HeaderMatch {
  enum class Kind : std::uint8_t { present, exact, prefix };

  std::string name;  ///< Lower case.
  Kind kind = Kind::present;
  std::string value;
  bool operator==(const HeaderMatch&) const = default;
  auto operator<=>(const HeaderMatch&) const = default;
};

/// All of it has to fit. Which match wins where several fit: proxy/routing/route_match.h.
struct Match {
  std::string listener;
  /// "" any host, "shop.example.com" exactly, "*.example.com" any name below. Lower case, no port.
  std::string host;
  std::string path = "/";  ///< Prefix on path segment borders: "/a" matches "/a" and "/a/b".
  bool is_exact = false;   ///< The path is the whole one.
  std::vector<std::string> methods = {};  ///< One of them, sorted; empty: any.
  std::vector<HeaderMatch> headers = {};  ///< All of them, sorted by name.
  bool has_conditions() const { return !methods.empty() || !headers.empty(); }
  bool operator==(const Match&) const = default;
};

// ---- how paths are understood -----------------------------------------------------------------

/// What is done about something in a path that two readers may understand in two ways.
enum class PathAnomalyAction : std::uint8_t { normalise, refuse, pass };

/// What becomes of path parameters ("/a;x=1"). Routes are matched on the path without them in any
/// case, since many servers choose by it what they serve.
enum class PathParameters : std::uint8_t { pass, strip, refuse };

/// net/http/path_rules.h says what they mean. The path that comes out is routed on and forwarded.
struct PathRules {
  /// "/./", "/../", however encoded.
  PathAnomalyAction dot_segments = PathAnomalyAction::normalise;
  PathAnomalyAction double_slashes = PathAnomalyAction::normalise;
  /// "%41" for "A", "%2f" for "%2F".
  PathAnomalyAction needless_escapes = PathAnomalyAction::normalise;
  PathAnomalyAction encoded_slashes = PathAnomalyAction::pass;  ///< "%2F" and "%5C".
  PathAnomalyAction backslashes = PathAnomalyAction::refuse;
  bool refuses_encoded_controls = true;   ///< "%00" to "%1F", "%7F".
  bool refuses_malformed_escapes = true;  ///< "%" without two hexadecimal digits.
  PathParameters parameters = PathParameters::pass;
  bool operator==(const PathRules&) const = default;
};

// ---- what is done -----------------------------------------------------------------------------

struct NamedValue {
  std::string name;  ///< Lower case.
  std::string value;
  bool operator==(const NamedValue&) const = default;
};

/// In this order: what is removed or set goes, then what is set and added comes.
struct HeaderEdits {
  std::vector<std::string> remove;
  std::vector<NamedValue> set;
  std::vector<NamedValue> add;
  bool empty() const { return remove.empty() && set.empty() && add.empty(); }
  bool operator==(const HeaderEdits&) const = default;
};

/// A token bucket for each client.
struct RateLimit {
  std::uint32_t requests = 1;  ///< So many tokens grow in a period.
  Millis period{1000};
  std::uint32_t burst = 1;    ///< Tokens in a full bucket.
  std::string header;         ///< Whose value says who the client is; empty: its address does.
  bool is_inherited = false;  ///< From the service, with whose other routes it shares its buckets.
  bool operator==(const RateLimit&) const = default;
};

/// Another path: in place of the whole one, or of the prefix that matched.
struct NewPath {
  enum class Kind : std::uint8_t { same, whole, prefix };

  Kind kind = Kind::same;
  std::string path;
  bool operator==(const NewPath&) const = default;
};

/// What is left out stays as the client asked.
struct Redirect {
  std::uint16_t status = 302;
  std::string scheme;      ///< http, https or empty.
  std::string host;        ///< Without a port.
  std::uint32_t port = 0;  ///< 0: the one that the scheme has.
  NewPath path;
  bool operator==(const Redirect&) const = default;
};

/// A response that needs no target.
struct FixedResponse {
  std::uint16_t status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  bool operator==(const FixedResponse&) const = default;
};

}  // namespace teal::config
