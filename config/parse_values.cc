// How values are read that several sections have: durations, sizes, shares, addresses.
#include <algorithm>
#include <cmath>

#include "base/ascii.h"
#include "base/parse_number.h"
#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxTargets = 1000;
constexpr std::size_t kMaxRevisionLength = 128;
constexpr std::size_t kMaxPathLength = 1024;
constexpr std::size_t kMaxFileNameLength = 4096;
constexpr std::size_t kMaxHostLength = 253;

bool is_host(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    const std::string_view inner = text.substr(1, text.size() - 2);
    return inner.find(':') != inner.npos && parse_ip(inner).has_value();
  }
  if (text.empty() || text.size() > kMaxHostLength || text.front() == '.' || text.back() == '.')
    return false;
  return text.find("..") == text.npos && std::all_of(text.begin(), text.end(), [](char c) {
           return is_alnum(c) || c == '-' || c == '_' || c == '.';
         });
}

/// Takes ":PORT" off the end, where it is one.
std::string_view without_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon < text.rfind(']') + 1) return text;
  const auto port = parse_whole<std::uint16_t>(text.substr(colon + 1));
  return port && *port > 0 ? text.substr(0, colon) : text;
}

std::string_view without_blanks(std::string_view text) {
  return trim(text, " ");
}

std::optional<double> decimal(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  return parse_whole<double>(text, std::chars_format::fixed);
}

/// The limit in the unit of the structs, or nothing.
std::optional<double> parse_limit(std::string_view text, LimitUnit unit) {
  if (unit == LimitUnit::milliseconds) {
    const Result<Millis> duration = parse_duration(text);
    if (!duration) return std::nullopt;
    return static_cast<double>(duration->count());
  }
  const std::string_view suffix = unit == LimitUnit::percent ? "%" : "/s";
  if (!text.ends_with(suffix)) return std::nullopt;
  const std::optional<double> number =
      decimal(without_blanks(text.substr(0, text.size() - suffix.size())));
  if (!number || unit == LimitUnit::per_second) return number;
  return *number / 100;
}

std::string_view example_of(LimitUnit unit) {
  switch (unit) {
    case LimitUnit::percent: return "'> 1%'";
    case LimitUnit::milliseconds: return "'> 250ms'";
    case LimitUnit::per_second: return "'< 5/s'";
  }
  return "";
}

}  // namespace

std::optional<FileName> parse_file(const Value& value) {
  const std::optional<std::string> path = value.text();
  if (!path) return std::nullopt;
  if (path->empty() || path->size() > kMaxFileNameLength) {
    value.problem("must be the path of a file");
    return std::nullopt;
  }
  const SourceLocation location = value.report().location(value.path());
  return FileName{*path, value.path(), location.line, location.column};
}

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || kMarks.find(c) != kMarks.npos;
  });
}

std::vector<Address> parse_targets(const Value& value) {
  std::vector<Address> targets;
  for (const Value& item : value.items(kMaxTargets)) {
    const std::optional<Address> address = item.address();
    if (!address) continue;
    if (address->kind != Address::Kind::unix_socket && address->port == 0)
      item.problem("a target needs a port from 1 to 65535");
    else if (std::find(targets.begin(), targets.end(), *address) != targets.end())
      item.problem("the target " + to_string(*address) + " is in this group already", "remove it");
    else
      targets.push_back(*address);
  }
  targets.shrink_to_fit();  // A file has tens of thousands of them.
  return targets;
}

std::optional<std::string> parse_revision(const Value& value) {
  std::optional<std::string> given = value.text();
  if (!given) return std::nullopt;
  constexpr std::string_view kMarks = "._-+:@/";
  const bool fits = !given->empty() && given->size() <= kMaxRevisionLength &&
                    std::all_of(given->begin(), given->end(), [&](char c) {
                      return is_alnum(c) || kMarks.find(c) != kMarks.npos;
                    });
  if (fits) return given;
  value.problem("must be 1 to 128 letters, digits and . _ - + : @ /, not " + quoted(*given));
  return std::nullopt;
}

std::optional<std::string> parse_url_path(const Value& value) {
  std::optional<std::string> path = value.word(kMaxPathLength);
  if (!path) return std::nullopt;
  if (path->front() == '/' && path->find('#') == path->npos) return path;
  value.problem("must be a path that begins with '/', not " + quoted(*path));
  return std::nullopt;
}

std::optional<std::string> parse_host(const Value& value) {
  const std::optional<std::string> host = value.text();
  if (!host) return std::nullopt;
  if (is_host(*host)) return to_lower_copy(*host);
  const bool has_port = is_host(without_port(*host));
  value.problem(quoted(*host) + " is not a host name",
                has_port ? "leave the port out" : "write names beyond ASCII as xn--...");
  return std::nullopt;
}

std::optional<std::string> parse_authority(const Value& value) {
  const std::optional<std::string> host = value.text();
  if (!host) return std::nullopt;
  if (is_host(without_port(*host))) return to_lower_copy(*host);
  value.problem(quoted(*host) + " is not a host name with or without a port");
  return std::nullopt;
}

std::optional<StatusRange> parse_statuses(const Value& value) {
  const std::optional<std::string> given = value.text();
  if (!given) return std::nullopt;
  const auto status = [](std::string_view text) -> std::uint16_t {
    if (text.size() != 3 || text[0] < '1' || text[0] > '5') return 0;
    unsigned number = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') return 0;
      number = number * 10 + static_cast<unsigned>(c - '0');
    }
    return static_cast<std::uint16_t>(number);
  };
  const std::string_view text = *given;
  const std::size_t dash = text.find('-');
  const std::uint16_t first = status(text.substr(0, dash));
  const std::uint16_t last = dash == text.npos ? first : status(text.substr(dash + 1));
  if (first != 0 && last >= first) return StatusRange{first, last};
  value.problem("must be statuses from 100 to 599 like 200 or 200-399, not " + quoted(text));
  return std::nullopt;
}

std::optional<double> parse_number(const Value& value) {
  if (value.node().kind != Node::Kind::scalar) return std::nullopt;
  return decimal(without_blanks(value.node().text));
}

std::string decimal_text(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::optional<double> parse_share(const Value& value) {
  if (value.node().kind != Node::Kind::scalar) return std::nullopt;
  return parse_limit(without_blanks(value.node().text), LimitUnit::percent);
}

std::optional<Threshold> parse_threshold(const Value& value, LimitUnit unit) {
  const std::optional<std::string> given = value.text();
  if (!given) return std::nullopt;
  std::string_view rest = without_blanks(*given);
  const bool above = rest.starts_with('>');
  if (above || rest.starts_with('<')) {
    const std::optional<double> limit = parse_limit(without_blanks(rest.substr(1)), unit);
    if (limit) return Threshold{above ? Threshold::Op::above : Threshold::Op::below, *limit};
  }
  value.problem("must be a condition like " + std::string(example_of(unit)) + ", not " +
                quoted(*given));
  return std::nullopt;
}

}  // namespace teal::config
