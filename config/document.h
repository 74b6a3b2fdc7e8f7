// The tree that YAML and JSON texts become before anybody asks what they mean: mappings, lists and
// scalars with their places. A scalar is its text; each key knows what text it takes, so that
// `revision: 1.10` stays "1.10". Own values instead of a library's nodes, because these keep
// duplicate keys, have places for both grammars, and a bound on size and depth.
//
// Cold path, any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace teal::config {

class Report;

/// Of a configuration: ten thousand services of forty targets have 8 MiB.
inline constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;
/// After expansion of aliases: values, and bytes of their texts and keys.
inline constexpr std::size_t kMaxNodes = 1'000'000;
inline constexpr std::size_t kMaxTextBytes = 2 * kMaxBytes;
/// Of a request of the control API.
inline constexpr std::size_t kMaxJsonBytes = 1024 * 1024;
inline constexpr std::size_t kMaxJsonNodes = 100'000;
inline constexpr std::size_t kMaxDepth = 32;

/// From 1; 0 where there is none.
struct SourceLocation {
  int line = 0;
  int column = 0;
};

struct Entry;

struct Node {
  enum class Kind { null, scalar, mapping, sequence };

  Kind kind = Kind::null;
  std::string text;  ///< Of a scalar.
  SourceLocation location;
  std::vector<Entry> entries;  ///< Of a mapping, in the order of the text, duplicates kept.
  std::vector<Node> items;     ///< Of a sequence.
};

struct Entry {
  std::string key;
  SourceLocation location;
  Node value;
};

/// Nothing where the text is not one YAML document within the limits; the report then says why.
/// Anchors, aliases and merges (`<<`) are resolved.
std::optional<Node> read_yaml(std::string_view text, Report& report);

/// The tree of a JSON text (RFC 8259); nothing where it is none, and the report then says why.
std::optional<Node> read_json(std::string_view text, Report& report);
/// The same of a text that is to be an object.
std::optional<Node> read_json_object(std::string_view text, Report& report);

/// Where the byte at `offset` stands.
SourceLocation location_of(std::string_view text, std::size_t offset);

/// Reports what makes a text no text: too long, bytes that are not UTF-8, control characters.
bool is_readable(std::string_view text, std::size_t max_bytes, Report& report);

}  // namespace teal::config
