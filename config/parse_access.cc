// Who may ask: `allow`, `deny`, `basic_auth`.
#include <algorithm>

#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxBlocks = 1000;
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

void keep_for_teal(RouteActions& actions) {
  std::vector<std::string>& removed = actions.request_headers.remove;
  const auto remove = [&](const std::string& name) {
    if (std::ranges::find(removed, name) == removed.end()) removed.push_back(name);
  };
  if (actions.basic_auth && !actions.basic_auth->forward) remove("authorization");
}

}  // namespace teal::config
