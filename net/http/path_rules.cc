#include "net/http/path_rules.h"

#include <algorithm>

#include "base/ascii.h"

namespace teal::net {
namespace {

using config::PathAnomalyAction;

/// RFC 3986, section 2.3: what means the same whether it is encoded or not.
constexpr bool is_unreserved(char c) {
  return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Escapes and backslashes; the first pass.
class Decoder {
 public:
  Decoder(std::string_view path, const config::PathRules& rules, std::string& out)
      : path_(path), rules_(rules), out_(out) {}

  Refusal run() {
    while (at_ < path_.size()) {
      const char c = path_[at_];
      Refusal broken = Refusal::none;
      if (c == '%') {
        broken = take_escape();
      } else {
        ++at_;
        broken = c == '\\' ? take_slash(rules_.backslashes, Refusal::path_backslash, "\\")
                           : put({&c, 1});
      }
      if (broken != Refusal::none) return broken;
    }
    return Refusal::none;
  }

 private:
  Refusal put(std::string_view bytes) {
    out_ += bytes;
    return Refusal::none;
  }

  /// Behind a "%" that passed without being an escape, a digit would make it one that nobody has
  /// looked at ("%%32F" for "%2F").
  bool would_complete_an_escape(char byte) const {
    const std::size_t size = out_.size();
    if (size == 0 || hex_value(byte) < 0) return false;
    return out_[size - 1] == '%' ||
           (size > 1 && out_[size - 2] == '%' && hex_value(out_[size - 1]) >= 0);
  }

  Refusal take_slash(PathAnomalyAction what, Refusal rule, std::string_view as_it_is) {
    if (what == PathAnomalyAction::refuse) return rule;
    return put(what == PathAnomalyAction::normalise ? "/" : as_it_is);
  }

  Refusal take_escape() {
    const int high = at_ + 1 < path_.size() ? hex_value(path_[at_ + 1]) : -1;
    const int low = at_ + 2 < path_.size() ? hex_value(path_[at_ + 2]) : -1;
    if (high < 0 || low < 0) {
      ++at_;
      return rules_.refuses_malformed_escapes ? Refusal::path_escape_malformed : put("%");
    }
    const std::string_view escape = path_.substr(at_, 3);
    at_ += 3;
    const char byte = static_cast<char>(high * 16 + low);
    if (is_control(byte) && rules_.refuses_encoded_controls) return Refusal::path_control_encoded;
    const bool is_needless = is_unreserved(byte);
    if (is_needless && rules_.needless_escapes == PathAnomalyAction::refuse)
      return Refusal::path_escape_needless;
    if (rules_.needless_escapes == PathAnomalyAction::pass) {
      if (byte != '/' && byte != '\\') return put(escape);
      return take_slash(rules_.encoded_slashes, Refusal::path_slash_encoded, escape);
    }
    if (is_needless && !would_complete_an_escape(byte)) return put({&byte, 1});
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const char upper[] = {'%', kDigits[static_cast<std::size_t>(high)],
                          kDigits[static_cast<std::size_t>(low)]};
    const std::string_view same{upper, sizeof upper};
    if (byte == '/' || byte == '\\')
      return take_slash(rules_.encoded_slashes, Refusal::path_slash_encoded, same);
    return put(same);
  }

  const std::string_view path_;
  const config::PathRules& rules_;
  std::string& out_;
  std::size_t at_ = 0;
};

/// How many dots the segment is, encoded or not, and nothing else: 0, 1 or 2.
int dots_of(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    const bool is_encoded = segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' &&
                            (segment[2] == 'e' || segment[2] == 'E');
    if (!is_encoded && segment[0] != '.') return 0;
    if (++dots > 2) return 0;
    segment.remove_prefix(is_encoded ? 3 : 1);
  }
  return dots;
}

/// Where the segment's parameters begin, to a reader that decodes first or one that does not.
std::size_t parameters_of(std::string_view segment) {
  return std::min({segment.find(';'), segment.find("%3b"), segment.find("%3B")});
}

/// Whether a reader that decodes first, takes a backslash for a slash, or cuts parameters off
/// would find a dot segment in what is one segment to us.
bool hides_dots(std::string_view segment) {
  while (true) {
    std::size_t end = 0;
    std::size_t skipped = 0;
    for (; end < segment.size(); ++end) {
      if (segment[end] == '\\') skipped = 1;
      const std::string_view rest = segment.substr(end, 3);
      if (rest.size() == 3 && rest[0] == '%' &&
          ((rest[1] == '2' && (rest[2] | 0x20) == 'f') ||
           (rest[1] == '5' && (rest[2] | 0x20) == 'c')))
        skipped = 3;
      if (skipped != 0) break;
    }
    const std::string_view part = segment.substr(0, end);
    if (dots_of(part.substr(0, parameters_of(part))) != 0) return true;
    if (end == segment.size()) return false;
    segment.remove_prefix(end + skipped);
  }
}

/// Segments; the second pass. `path` begins with a slash.
Refusal take_segments(std::string_view path, const config::PathRules& rules, std::string& out) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    const bool is_last = path.empty();
    if (segment.empty() && !is_last && rules.double_slashes != PathAnomalyAction::pass) {
      if (rules.double_slashes == PathAnomalyAction::refuse) return Refusal::path_double_slash;
      continue;
    }
    const int dots = rules.dot_segments == PathAnomalyAction::pass ? 0 : dots_of(segment);
    if (dots == 0) {
      if (rules.dot_segments != PathAnomalyAction::pass && hides_dots(segment))
        return Refusal::path_dots_hidden;
      out += '/';
      out += segment;
      continue;
    }
    if (rules.dot_segments == PathAnomalyAction::refuse) return Refusal::path_dot_segment;
    if (dots == 2) out.resize(out.empty() ? 0 : out.rfind('/'));
    if (is_last) out += '/';
  }
  return Refusal::none;
}

bool is_plain_at(std::string_view path, std::size_t i) {
  const char c = path[i];
  if (c == '%' || c == '\\' || c == ';') return false;
  return c != '/' || i + 1 == path.size() || (path[i + 1] != '/' && path[i + 1] != '.');
}

/// Calls `visit` with each segment of a path that begins with a slash, its slash included, and with
/// the size of what is left of it without its parameters, which begin at whatever `begin_of` says.
/// A segment that is nothing but parameters is one more slash: 0 where those are merged.
template <class BeginOf, class Visit>
void for_each_segment(std::string_view path, const config::PathRules& rules, BeginOf begin_of,
                      Visit visit) {
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, std::min(path.find('/', 1), path.size()));
    path.remove_prefix(segment.size());
    std::size_t size = std::min(begin_of(segment), segment.size());
    const bool is_merged = size == 1 && segment.size() > 1 && !path.empty() &&
                           rules.double_slashes != PathAnomalyAction::pass;
    if (is_merged) size = 0;
    visit(segment, size);
  }
}

std::size_t semicolon_of(std::string_view segment) {
  return segment.find(';');
}

bool has_parameters(std::string_view path) {
  return parameters_of(path) != std::string_view::npos;
}

/// Without those of plain semicolons: an encoded one is a part of a name to whoever does not decode
/// first (RFC 3986, section 2.2).
std::string stripped(std::string_view path, const config::PathRules& rules) {
  std::string out;
  for_each_segment(path, rules, semicolon_of, [&](std::string_view segment, std::size_t size) {
    out += segment.substr(0, size);
  });
  return out;
}

/// The third pass. A segment that is nothing but parameters would be an empty one to whoever cuts
/// them off, and dots before them would be dots; where those may pass, nobody has looked yet.
Refusal take_parameters(const config::PathRules& rules, std::string& path) {
  using config::PathParameters;
  if (!has_parameters(path)) return Refusal::none;
  if (rules.parameters == PathParameters::refuse) return Refusal::path_parameters;
  Refusal broken = Refusal::none;
  for_each_segment(path, rules, parameters_of, [&](std::string_view segment, std::size_t size) {
    if (size == 0 && rules.double_slashes == PathAnomalyAction::refuse)
      broken = Refusal::path_double_slash;
    const bool is_cut = size > 0 && size < segment.size();
    if (rules.parameters == PathParameters::strip && is_cut && hides_dots(segment.substr(1)))
      broken = Refusal::path_dots_hidden;
  });
  if (broken == Refusal::none && rules.parameters == PathParameters::strip)
    path = stripped(path, rules);
  return broken;
}

}  // namespace

PathScan scan_path_bytewise(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  for (std::size_t i = 0; i < path.size(); ++i)
    if (!is_plain_at(path, i)) return {path.size(), false};
  return {path.size(), true};
}

Refusal normalise_path(std::string_view path, const config::PathRules& rules, std::string& out) {
  out.clear();
  std::string decoded;
  decoded.reserve(path.size());
  if (const Refusal broken = Decoder(path, rules, decoded).run(); broken != Refusal::none)
    return broken;
  if (!decoded.starts_with('/')) {  // "*"
    out.swap(decoded);
    return Refusal::none;
  }
  const Refusal broken = take_segments(decoded, rules, out);
  if (out.empty()) out.assign(1, '/');
  return broken == Refusal::none ? take_parameters(rules, out) : broken;
}

std::string_view routed_path(std::string_view path, const config::PathRules& rules,
                             std::string& buffer) {
  if (!path.starts_with('/') || !has_parameters(path)) return path;
  buffer.clear();
  for_each_segment(path, rules, parameters_of, [&](std::string_view segment, std::size_t size) {
    buffer += segment.substr(0, size);
  });
  return buffer;
}

std::size_t forwarded_size(std::string_view path, const config::PathRules& rules,
                           std::size_t routed) {
  if (!path.starts_with('/') || !has_parameters(path)) return routed;
  std::size_t passed = 0;
  std::size_t left = routed;
  bool is_found = routed == 0;
  for_each_segment(path, rules, parameters_of, [&](std::string_view segment, std::size_t size) {
    if (is_found) return;
    is_found = left <= size && size > 0;
    passed += is_found && left < size ? left : segment.size();
    left -= std::min(left, size);
  });
  return passed;
}

}  // namespace teal::net
