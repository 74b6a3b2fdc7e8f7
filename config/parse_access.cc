// Who may ask: `allow`, `deny`, `basic_auth`, `forward_auth`.
#include <algorithm>

#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxBlocks = 1000;
constexpr std::size_t kMaxCopied = 50;
constexpr std::size_t kMaxKeys = 16;
constexpr std::size_t kMaxRealm = 128;

AddressList parse_clients(const Value& value) {
  AddressList list;
  for (const Value& item : value.items_or_one(kMaxBlocks)) {
    const std::optional<std::string> text = item.text();
    if (!text) continue;
    if (*text == "unix") {
      list.unix_sockets = true;
      continue;
    }
    const Result<Cidr> block = parse_cidr(*text);
    if (block)
      list.blocks.push_back(*block);
    else
      item.problem(block.error().message(),
                   "write a block like 10.0.0.0/8, or unix for clients of a Unix socket");
  }
  if (value.is_list() && value.node().items.empty())
    value.problem("must name at least one block", "leave it out where it means nobody");
  return list;
}

/// It stands between quotes in WWW-Authenticate (RFC 9110, section 5.6.4).
void parse_realm(const Value& value, std::string& realm) {
  auto text = value.text();
  if (!text) return;
  const bool is_plain = std::ranges::all_of(
      *text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (is_plain && !text->empty() && text->size() <= kMaxRealm)
    realm = std::move(*text);
  else
    value.problem("must have 1 to 128 printable ASCII characters without \" and \\");
}

std::vector<std::string> parse_header_names(const Value& value, std::size_t most) {
  std::vector<std::string> names;
  for (const Value& item : value.items_or_one(most))
    if (auto name = parse_header_name(item)) names.push_back(std::move(*name));
  return names;
}

std::optional<AuthCache> parse_auth_cache(const Value& value) {
  if (value.is("off")) return std::nullopt;
  AuthCache cache;
  Mapping keys(value);
  if (const auto key = keys.find("key")) {
    cache.key = parse_header_names(*key, kMaxKeys);
    if (key->is_list() && key->node().items.empty())
      key->problem("must name at least one header", "name what tells clients apart, like cookie");
  }
  keys.duration("for", cache.period, Millis{1}, hours{1});
  if (value.is_mapping() && (!keys.has("key") || !keys.has("for")) &&
      !value.report().touches(value.path()))
    value.problem("must have a key and for", "write { key: [ cookie ], for: 10s }");
  return cache;
}

}  // namespace

void parse_addresses(Mapping& keys, AddressRules& rules) {
  if (const auto allow = keys.find("allow")) {
    rules.allow.reset();
    if (!allow->is("all")) rules.allow = parse_clients(*allow);
  }
  if (const auto deny = keys.find("deny")) {
    rules.deny = {};
    if (!deny->is("none")) rules.deny = parse_clients(*deny);
  }
}

std::optional<BasicAuth> parse_basic_auth(const Value& value) {
  if (value.is("off")) return std::nullopt;
  BasicAuth basic;
  Mapping keys(value);
  if (const auto file = keys.find("file")) {
    if (auto given = parse_file(*file)) basic.file = std::move(*given);
  } else if (value.is_mapping() && !keys.has("file")) {
    value.problem("has no file", "name one that htpasswd -B has made, like file: users.htpasswd");
  }
  if (const auto realm = keys.find("realm")) parse_realm(*realm, basic.realm);
  keys.boolean("forward", basic.forward);
  return basic;
}

std::optional<ForwardAuth> parse_forward_auth(const Value& value) {
  if (value.is("off")) return std::nullopt;
  ForwardAuth forward;
  Mapping keys(value);
  if (const auto service = keys.find("service")) {
    if (const auto name = service->name()) forward.service = *name;
  } else if (value.is_mapping() && !keys.has("service")) {
    value.problem("has no service", "name the service of this file that is to be asked");
  }
  if (const auto path = keys.find("path"))
    if (auto given = parse_url_path(*path)) forward.path = std::move(*given);
  keys.duration("timeout", forward.timeout, Millis{1}, minutes{1});
  if (const auto names = keys.find("copy_request_headers"); names && !names->is("all"))
    forward.copy_request_headers = parse_header_names(*names, kMaxCopied);
  if (const auto names = keys.find("copy_response_headers"))
    forward.copy_response_headers = parse_set_names(*names, kMaxCopied);
  if (const auto cache = keys.find("cache")) forward.cache = parse_auth_cache(*cache);
  return forward;
}

void keep_for_teal(RouteActions& actions) {
  std::vector<std::string>& removed = actions.request_headers.remove;
  const auto remove = [&](const std::string& name) {
    if (std::ranges::find(removed, name) == removed.end()) removed.push_back(name);
  };
  if (actions.basic_auth && !actions.basic_auth->forward) remove("authorization");
  if (!actions.forward_auth) return;
  for (const std::string& name : actions.forward_auth->copy_response_headers) remove(name);
}

}  // namespace teal::config
