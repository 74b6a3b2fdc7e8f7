// How services find their targets: `discover` of a service, `discovery` of the whole.
#include <algorithm>

#include "base/ascii.h"
#include "base/parse_number.h"
#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxSources = 20;
constexpr std::size_t kMaxRanges = 100;
constexpr std::size_t kMaxResolvers = 8;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxName = 253;

/// Letters, digits, - and _ between dots, as in "_http._tcp.app.internal".
bool is_dns_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return false;
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > kMaxLabel ||
        !std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-' || c == '_'; }))
      return false;
    if (label.size() == name.size()) return true;
    name.remove_prefix(label.size() + 1);
  }
}

bool is_ip(const std::string& text) {
  return parse_ip(text).has_value();
}

/// NAME:PORT, or NAME alone where the records have the port.
void parse_dns(const Value& value, DiscoverSource& source) {
  const std::optional<std::string> given = value.text();
  if (!given) return;
  const bool is_srv = source.records == DiscoverSource::Records::srv;
  const std::string example = is_srv ? "_http._tcp.app.internal" : "app.internal:9001";
  std::string name = to_lower_copy(*given);
  const std::size_t colon = name.rfind(':');
  if (is_srv && colon != name.npos)
    return value.problem("has a port, but records of SRV bring their own",
                         "write the name alone, like " + example);
  if (!is_srv) {
    const auto port =
        colon == name.npos ? std::nullopt : parse_whole<std::uint16_t>(name.substr(colon + 1));
    if (!port || *port == 0)
      return value.problem("must be NAME:PORT, not " + quoted(*given), "write it like " + example);
    source.port = *port;
    name.resize(colon);
  }
  if (is_ip(name) || name.starts_with('['))
    return value.problem(quoted(*given) + " is an address, for which nobody has to be asked",
                         "write it into the targets of a group");
  if (name.ends_with('.')) name.pop_back();
  if (!is_dns_name(name))
    return value.problem(quoted(*given) + " is not a name that DNS could know",
                         "write the whole name, like " + example);
  source.name = std::move(name);
}

void parse_path_of(const Value& value, DiscoverSource& source) {
  const auto file = parse_file(value);
  if (!file) return;
  const std::size_t slash = file->path.rfind('/');
  const std::string folder = slash == file->path.npos ? "" : file->path.substr(0, slash);
  const std::string_view last = std::string_view(file->path).substr(slash + 1);
  if (folder.find_first_of("*?[") != folder.npos)
    return value.problem("has a pattern in a folder's name",
                         "only the last part may have * and ?, like /etc/teal/targets/*.yml");
  if (!last.ends_with(".json") && !last.ends_with(".yml") && !last.ends_with(".yaml"))
    return value.problem("must end with .json, .yml or .yaml, not " + quoted(last),
                         "name the file for what is in it");
  source.path = file->path;
}

void parse_ranges(const Value& value, std::vector<Cidr>& ranges) {
  for (const Value& item : value.items(kMaxRanges)) {
    const auto text = item.text();
    if (!text) continue;
    if (const Result<Cidr> range = parse_cidr(*text))
      ranges.push_back(*range);
    else
      item.problem(range.error().message());
  }
}

std::optional<DiscoverSource> parse_source(const Value& value) {
  using Records = DiscoverSource::Records;
  DiscoverSource source;
  Mapping keys(value);
  const auto dns = keys.find("dns");
  const auto file = keys.find("file");
  const auto type = keys.find("type");
  if (type)
    if (const auto given = type->choice<Records>({{"both", Records::both},
                                                  {"a", Records::a},
                                                  {"aaaa", Records::aaaa},
                                                  {"srv", Records::srv}}))
      source.records = *given;
  if (dns && file) value.problem("has both dns and file", "make two entries of it");
  if (!dns && !file && !value.report().touches(value.path()))
    value.problem("must have dns or file", "write { dns: app.internal:9001 }");
  if (type && file && !dns) type->problem("belongs to dns only");
  if (dns && !(type && value.report().touches(type->path()))) parse_dns(*dns, source);
  if (file && !dns) {
    source.kind = DiscoverSource::Kind::file;
    parse_path_of(*file, source);
  }
  if (const auto revision = keys.find("revision"))
    if (const auto given = parse_revision(*revision)) source.revision = *given;
  if (const auto ranges = keys.find("allow_ranges")) {
    if (source.kind == DiscoverSource::Kind::file)
      ranges->problem("belongs to dns only", "what a file says is believed");
    parse_ranges(*ranges, source.allow_ranges);
  }
  keys.boolean("allow_empty", source.allow_empty);
  if (value.report().touches(value.path())) return std::nullopt;
  return source;
}

}  // namespace

std::string source_text(const DiscoverSource& source) {
  if (source.kind == DiscoverSource::Kind::file) return "file:" + source.path;
  return "dns:" + source.name + (source.port == 0 ? "" : ":" + std::to_string(source.port));
}

bool is_same_source(const DiscoverSource& a, const DiscoverSource& b) {
  return source_text(a) == source_text(b) && a.records == b.records && a.revision == b.revision;
}

void parse_discover(const Value& value, Service& service) {
  for (const Value& item : value.items(kMaxSources)) {
    std::optional<DiscoverSource> source = parse_source(item);
    if (!source) continue;
    const auto is_it = [&](const DiscoverSource& other) {
      return source_text(other) == source_text(*source);
    };
    if (std::ranges::any_of(service.discover, is_it)) {
      item.problem(source_text(*source) + " is asked for in this service already", "remove it");
      continue;
    }
    if (source->revision.empty()) source->revision = service.groups[service.live].revision;
    service.discover.push_back(*std::move(source));
  }
}

void parse_discovery(const Value& value, Discovery& discovery) {
  Mapping keys(value);
  if (const auto resolvers = keys.find("resolvers")) {
    for (const Value& item : resolvers->items(kMaxResolvers)) {
      const auto address = item.address();
      if (!address) continue;
      if (address->kind == Address::Kind::unix_socket || address->port == 0)
        item.problem("must be IP:PORT", "resolvers listen on port 53 as a rule");
      else
        discovery.resolvers.push_back(*address);
    }
  }
  keys.duration("timeout", discovery.timeout, Millis{50}, seconds{30});
  keys.duration("min_refresh", discovery.min_refresh, seconds{1}, hours{1});
  keys.duration("max_refresh", discovery.max_refresh, seconds{1}, hours{24});
  if (discovery.max_refresh < discovery.min_refresh && !value.report().touches(value.path()))
    value.report().add_at(
        value.path() + ".max_refresh",
        "must not be shorter than min_refresh (" + format_duration(discovery.min_refresh) + ")",
        "raise it, or lower min_refresh");
}

}  // namespace teal::config
