// Which requests belong to a route, and how a listener understands paths.
#include <algorithm>

#include "base/ascii.h"
#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxMatches = 100;
constexpr std::size_t kMaxMethods = 20;
constexpr std::size_t kMaxHeaders = 16;
constexpr std::size_t kMaxMethodLength = 32;

std::optional<std::string> parse_match_host(const Value& value) {
  if (value.is("*")) {
    value.problem("'*' is not a host name", "leave host out to match any");
    return std::nullopt;
  }
  if (value.node().kind != Node::Kind::scalar || !value.node().text.starts_with("*."))
    return parse_host(value);
  Node suffix = value.node();
  suffix.text.erase(0, 2);
  const auto host = parse_host(Value(suffix, value.path(), "", value.report()));
  if (!host) return std::nullopt;
  return "*." + *host;
}

void parse_paths(Mapping& keys, Match& match) {
  const auto prefix = keys.find("path");
  const auto exact = keys.find("exact_path");
  if (prefix)
    if (auto given = parse_match_path(*prefix)) match.path = std::move(*given);
  if (!exact) return;
  if (prefix) exact->problem("excludes path", "keep one of the two");
  match.is_exact = true;
  if (auto given = parse_match_path(*exact)) match.path = std::move(*given);
}

void parse_methods(const Value& value, std::vector<std::string>& methods) {
  for (const Value& item : value.items_or_one(kMaxMethods)) {
    const auto method = item.word(kMaxMethodLength);
    if (!method) continue;
    const bool has_lower = std::any_of(method->begin(), method->end(), is_lower);
    if (!is_token(*method) || has_lower)
      item.problem("must be a method like GET, not " + quoted(*method),
                   has_lower ? "write it in capitals" : "");
    else
      methods.push_back(*method);
  }
  if (value.is_list() && value.node().items.empty())
    value.problem("must name at least one method", "leave methods out to match any");
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
}

std::optional<HeaderMatch> parse_header(const Value& value) {
  HeaderMatch match;
  Mapping keys(value);
  if (const auto name = keys.find("name")) {
    if (auto given = parse_header_name(*name)) match.name = std::move(*given);
    if (match.name == "host")
      name->problem("is matched by host, not by headers", "use the key host of the match");
  } else if (value.is_mapping() && !keys.has("name")) {
    value.problem("has no name", "name the header");
  }
  const auto exact = keys.find("exact");
  const auto prefix = keys.find("prefix");
  if (exact && prefix) prefix->problem("excludes exact", "keep one of the two");
  if (exact || prefix) {
    match.kind = exact ? HeaderMatch::Kind::exact : HeaderMatch::Kind::prefix;
    if (auto given = (exact ? *exact : *prefix).text()) match.value = std::move(*given);
    if (prefix && match.value.empty())
      prefix->problem("must not be empty", "leave it out to match any value");
  }
  if (match.name.empty()) return std::nullopt;
  return match;
}

Match parse_match(const Value& value) {
  Match match;
  Mapping keys(value);
  if (const auto listener = keys.find("listener")) {
    if (const auto name = listener->name()) match.listener = *name;
  } else if (value.is_mapping() && !keys.has("listener")) {
    value.problem("has no listener", "name one of the listeners");
  }
  if (const auto host = keys.find("host"))
    if (const auto given = parse_match_host(*host)) match.host = *given;
  parse_paths(keys, match);
  if (const auto methods = keys.find("methods")) parse_methods(*methods, match.methods);
  if (const auto headers = keys.find("headers"))
    for (const Value& item : headers->items_or_one(kMaxHeaders))
      if (auto header = parse_header(item)) match.headers.push_back(std::move(*header));
  std::sort(match.headers.begin(), match.headers.end());
  return match;
}

void parse_path_anomaly(Mapping& keys, std::string_view key, PathAnomalyAction& out) {
  keys.choice<PathAnomalyAction>(key, out,
                                 {{"normalise", PathAnomalyAction::normalise},
                                  {"refuse", PathAnomalyAction::refuse},
                                  {"pass", PathAnomalyAction::pass}});
}

}  // namespace

std::optional<std::string> parse_match_path(const Value& value) {
  auto given = parse_url_path(value);
  if (!given) return given;
  if (given->find('?') != given->npos) {
    value.problem("must be a path without a query, not " + quoted(*given));
    return std::nullopt;
  }
  const std::size_t parameters =
      std::min({given->find(';'), given->find("%3b"), given->find("%3B")});
  if (parameters == given->npos) return given;
  value.problem("has a parameter (" + quoted(given->substr(parameters)) +
                    "), and routes are matched on the path without them",
                "write " + quoted(given->substr(0, parameters)));
  return std::nullopt;
}

std::vector<Match> parse_matches(const Value& value) {
  std::vector<Match> matches;
  for (const Value& item : value.items_or_one(kMaxMatches)) matches.push_back(parse_match(item));
  return matches;
}

PathRules parse_path_rules(const Value& value) {
  PathRules rules;
  if (value.is("strict"))
    return {PathAnomalyAction::refuse,
            PathAnomalyAction::refuse,
            PathAnomalyAction::refuse,
            PathAnomalyAction::refuse,
            PathAnomalyAction::refuse,
            true,
            true,
            PathParameters::refuse};
  if (value.is("pass"))
    return {PathAnomalyAction::pass,
            PathAnomalyAction::pass,
            PathAnomalyAction::pass,
            PathAnomalyAction::pass,
            PathAnomalyAction::pass,
            false,
            false};
  if (!value.is_mapping()) {
    value.problem("must be strict, pass or a mapping");
    return rules;
  }
  Mapping keys(value);
  parse_path_anomaly(keys, "dot_segments", rules.dot_segments);
  parse_path_anomaly(keys, "double_slashes", rules.double_slashes);
  parse_path_anomaly(keys, "needless_escapes", rules.needless_escapes);
  parse_path_anomaly(keys, "encoded_slashes", rules.encoded_slashes);
  parse_path_anomaly(keys, "backslashes", rules.backslashes);
  keys.choice<bool>("encoded_controls", rules.refuses_encoded_controls,
                    {{"refuse", true}, {"pass", false}});
  keys.choice<bool>("malformed_escapes", rules.refuses_malformed_escapes,
                    {{"refuse", true}, {"pass", false}});
  keys.choice<PathParameters>("parameters", rules.parameters,
                              {{"pass", PathParameters::pass},
                               {"strip", PathParameters::strip},
                               {"refuse", PathParameters::refuse}});
  return rules;
}

}  // namespace teal::config
