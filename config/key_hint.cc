#include "config/key_hint.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "config/document.h"
#include "config/parse.h"
#include "config/reader.h"
#include "config/report.h"

namespace teal::config {
namespace {

/// Every section that there is, so that its parser says which keys it has. What stands in a section
/// is only what makes it be read. A test holds it against the documented example.
constexpr std::string_view kEverySection = R"(
admin: { tls: { certificates: [ {} ] } }
access_log: {}
overload: {}
limits: {}
discovery: {}
listeners:
  a:
    proxy_protocol: { from: [ 10.0.0.0/8 ] }
    redirect_https: {}
    http2: {}
    paths: {}
    error_pages: [ {} ]
    timeouts: {}
    limits: {}
    tls: { certificates: [ {} ] }
    hsts: {}
services:
  a:
    match: [ { headers: [ {} ] } ]
    routes:
      a:
        match: [ { headers: [ {} ] } ]
        rewrite: {}
        redirect: {}
        respond: {}
        rate_limit: {}
        basic_auth: {}
        forward_auth: { cache: {} }
        compress: {}
        timeouts: {}
        limits: {}
        request_headers: { set: {}, add: {} }
        response_headers: { set: {}, add: {} }
    blue: {}
    green: {}
    discover: [ {} ]
    sticky: {}
    health: {}
    outlier: { success_rate: {} }
    slow_start: {}
    panic: {}
    retry: {}
    shield: {}
    timeouts: {}
    limits: {}
    upstream: {}
    metrics: {}
    tls: {}
    rate_limit: {}
    basic_auth: {}
    forward_auth: { cache: {} }
    compress: {}
    error_pages: [ {} ]
    request_headers: { set: {}, add: {} }
    response_headers: { set: {}, add: {} }
    deploy: { plan: [ { gate: {} } ], alarms: { a: { external: {} } } }
)";

const std::set<std::string>& every_key() {
  static const std::set<std::string> keys = [] {
    Report report("keys", Report::Hints::none);
    const std::optional<Node> root = read_yaml(kEverySection, report);
    if (root) parse_config(Value(*root, "", "", report));
    return report.known();
  }();
  return keys;
}

std::string_view last_part(std::string_view pattern) {
  const std::size_t dot = pattern.rfind('.');
  return dot == std::string_view::npos ? pattern : pattern.substr(dot + 1);
}

std::string_view section_of(std::string_view pattern) {
  const std::size_t dot = pattern.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : pattern.substr(0, dot);
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

/// "services.*.deploy" for a person: names are his own.
std::string in_words(std::string_view section) {
  std::string text(section.empty() ? "the top level" : section);
  for (std::size_t at = 0; (at = text.find('*', at)) != std::string::npos; at += 4)
    text.replace(at, 1, "NAME");
  return text;
}

/// Which key the value of a section is, where only that is written.
struct MainKey {
  std::string_view pattern;
  std::string_view before;
  std::string_view after;
};
constexpr std::string_view kAddress = "{ address: ";
constexpr MainKey kMainKeys[] = {
    {"admin", kAddress, " }"},
    {"access_log", "{ path: ", " }"},
    {"listeners.*", kAddress, " }"},
    {"services.*.blue", "{ revision: v1, targets: [ ", " ] }"},
    {"services.*.green", "{ revision: v1, targets: [ ", " ] }"},
    {"services.*.health", "{ http: ", " }"},
    {"services.*.match", "{ listener: public, host: ", " }"},
    {"services.*.routes.*.match", "{ listener: public, path: ", " }"},
    {"services.*.deploy", "{ plan: ", " }"},
    {"services.*.upstream", "{ protocol: ", " }"},
    {"services.*.outlier", "{ consecutive_failures: ", " }"},
    {"services.*.deploy.alarms.*", "{ error_rate: '", "' }"},
};

std::string in_brackets(const Node& node) {
  if (node.kind == Node::Kind::scalar) return shortened(node.text);
  std::string text;
  for (const Node& item : node.items) {
    if (item.kind != Node::Kind::scalar) return "...";
    text += (text.empty() ? "" : ", ") + shortened(item.text);
  }
  return text.empty() ? "..." : text;
}

}  // namespace

std::string where_it_belongs(std::string_view pattern, std::string_view key) {
  std::vector<std::string_view> sections;
  std::size_t nearest = 0;
  for (const std::string& known : every_key()) {
    if (last_part(known) != key || section_of(known) == pattern) continue;
    const std::size_t common = common_prefix(known, pattern);
    if (sections.empty() || common > nearest) sections.clear();
    if (!sections.empty() && common < nearest) continue;
    nearest = common;
    sections.push_back(section_of(known));
  }
  if (sections.empty() || sections.size() > 3) return {};
  std::string text = "it belongs under ";
  for (std::size_t i = 0; i < sections.size(); ++i)
    text += (i == 0 ? "" : " or ") + in_words(sections[i]);
  return text;
}

std::string whole_form(std::string_view pattern, const Node& node) {
  const bool is_one = node.kind == Node::Kind::scalar || node.kind == Node::Kind::sequence;
  const auto* const main =
      std::ranges::find_if(kMainKeys, [&](const MainKey& each) { return each.pattern == pattern; });
  if (!is_one || main == std::end(kMainKeys)) return {};
  std::string value = in_brackets(node);
  const bool is_port = value.find_first_not_of("0123456789") == std::string::npos;
  if (is_port && main->before == kAddress) value.insert(0, "0.0.0.0:");
  return "write " + std::string(main->before) + value + std::string(main->after);
}

std::string all_keys() {
  std::string text;
  for (const std::string& key : every_key()) text += key + '\n';
  return text;
}

}  // namespace teal::config
