// ErrorMeaning: which answers an alarm or a comparison counts as errors, and of which requests it
// counts them. The usual meaning is every 5xx of all requests. ErrorMeanings is a deployment's
// table of all others, by which a worker tells each request at its end.
//
// What has no answer, or a late or a cut one, is a failure: it counts by the status that Teal gives
// for it (502, 503, 504), whatever `except` says of answers with that status.
//
// Plain values; a table does not change and may be read by any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/grpc_status.h"

namespace teal {

/// HTTP statuses from `first` to `last`; or, where that is given, one status of gRPC alone.
struct StatusWord {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  std::optional<GrpcStatus> grpc = std::nullopt;
  bool operator==(const StatusWord&) const = default;
};

/// "5xx", "404", "500-504" (300 to 599), "UNAVAILABLE" or its number "14". Nothing: it is none of
/// these.
std::optional<StatusWord> parse_status_word(std::string_view text);
std::string to_string(const StatusWord& word);

/// A status of HTTP goes for a call of gRPC, too: for the statuses that mean the same
/// (http_status_of).
struct ErrorMeaning {
  std::vector<StatusWord> errors{{500, 599}};
  std::vector<StatusWord> except = {};
  /// Prefixes as routes have them (base/path_prefix.h): requests for other paths are not counted at
  /// all. Empty: all are.
  std::vector<std::string> paths = {};

  static ErrorMeaning of_clients() { return {.errors = {{400, 499}}}; }
  bool is_usual() const { return *this == ErrorMeaning{}; }
  bool operator==(const ErrorMeaning&) const = default;
};

/// "5xx, 404 except 501 under /api", for a person.
std::string to_string(const ErrorMeaning& meaning);
/// " under /api, /rpc"; empty for all requests.
std::string under(const std::vector<std::string>& paths);
/// Some 4xx is an error.
bool counts_client_errors(const ErrorMeaning& meaning);
/// Some of 5xx.
bool counts_server_errors(const ErrorMeaning& meaning);

/// How a request ended.
struct Ending {
  std::uint16_t status = 0;  ///< Of HTTP; of a call of gRPC what its status means.
  std::optional<GrpcStatus> grpc = std::nullopt;
  bool is_failure = false;
};

/// Meanings by number: bit n is number n, and number 0 is the usual one.
using MeaningSet = std::uint64_t;
inline constexpr MeaningSet kUsualMeaning = 1;
constexpr MeaningSet meaning_bit(std::size_t number) {
  return MeaningSet{1} << number;
}

class ErrorMeanings {
 public:
  static constexpr std::size_t kMaxMeanings = 32;  ///< Besides the usual one.
  static constexpr std::size_t kMaxPaths = 16;     ///< Of all of them.

  /// No more than kMaxMeanings, with no more than kMaxPaths different paths.
  static bool fits(const std::vector<ErrorMeaning>& meanings);

  /// Numbered from 1 as they stand. Requires: fits(), and none is usual.
  explicit ErrorMeanings(const std::vector<ErrorMeaning>& meanings);

  /// Some meaning has paths.
  bool asks_for_path() const { return !paths_.empty(); }
  /// Those that count a request for that path, the usual one among them.
  MeaningSet counting(std::string_view path) const;
  /// Those of the table, not the usual one, to which that is an error, of whatever path.
  MeaningSet errors(const Ending& ending) const;

 private:
  /// Statuses from 0 to 599.
  class StatusSet {
   public:
    void set(const StatusWord& word, bool value);
    bool has(std::uint16_t status) const {
      return status < kEnd && ((bits_[status / 64] >> (status % 64)) & 1) != 0;
    }

   private:
    static constexpr std::uint16_t kEnd = 600;
    std::array<std::uint64_t, (kEnd + 63) / 64> bits_{};
  };
  struct Meaning {
    StatusSet failures;  ///< `errors`.
    StatusSet answers;   ///< The same without `except`.
    // Statuses of gRPC that are named, by bit.
    std::uint32_t grpc_errors = 0;
    std::uint32_t grpc_except = 0;
  };
  struct Path {
    std::string prefix;
    MeaningSet counted_by = 0;
  };

  static Meaning compile(const ErrorMeaning& meaning);
  static bool is_error(const Meaning& meaning, const Ending& ending);

  std::vector<Meaning> meanings_;
  std::vector<Path> paths_;
  MeaningSet everywhere_ = kUsualMeaning;  ///< Those without paths.
};

}  // namespace teal
