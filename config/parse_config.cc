// How a whole configuration is read: its top level, section by section.
#include "config/parse.h"

namespace teal::config {
namespace {

constexpr std::size_t kMaxListeners = 64;
constexpr std::size_t kMaxServices = 10'000;
constexpr std::uint32_t kMinSamples = 100;
constexpr std::uint32_t kMaxSamples = 10'000'000;
constexpr std::size_t kMaxHosts = 100;
constexpr std::uint32_t kMaxWorkers = 256;
constexpr std::uint32_t kMinMemory = 1;
constexpr std::uint32_t kMaxMemory = 16'777'216;
constexpr std::uint32_t kMaxConnections = 10'000'000;
constexpr std::uint32_t kMaxIdle = 1'000'000;

void parse_admin(const Value& value, Admin& admin) {
  Mapping keys(value);
  if (const auto address = keys.find("address"))
    if (const auto given = address->address()) admin.address = *given;
  if (const auto hosts = keys.find("allowed_hosts"))
    for (const Value& item : hosts->items(kMaxHosts))
      if (const auto host = parse_host(item)) admin.allowed_hosts.push_back(*host);
  if (const auto tls = keys.find("tls")) admin.tls = parse_listener_tls(*tls);
}

void parse_state(const Value& value, Config& config) {
  constexpr std::string_view kSqlite = "sqlite:";
  const std::optional<std::string> given = value.text();
  if (!given) return;
  if (given->starts_with(kSqlite) && given->size() > kSqlite.size())
    config.state_path = given->substr(kSqlite.size());
  else
    value.problem("must be sqlite:PATH, not " + quoted(*given));
}

void parse_workers(const Value& value, Config& config) {
  if (value.is("auto"))
    config.workers = 0;
  else if (value.is_number())
    config.workers = value.integer(1, kMaxWorkers).value_or(0);
  else
    value.problem("must be auto or a whole number from 1 to 256");
}

void parse_access_log(const Value& value, AccessLog& log) {
  using Format = AccessLog::Format;
  if (value.is("off")) {
    log.format = Format::off;
    return;
  }
  Mapping keys(value);
  keys.choice<Format>(
      "format", log.format,
      {{"json", Format::json}, {"combined", Format::combined}, {"off", Format::off}});
  using Query = AccessLog::Query;
  keys.choice<Query>("query", log.query,
                     {{"full", Query::full}, {"none", Query::none}, {"redacted", Query::redacted}});
  if (const auto path = keys.find("path")) {
    const auto given = path->text();
    if (given && given->empty()) path->problem("must be stdout or the path of a file");
    if (given && !given->empty()) log.path = *given;
  }
}

void parse_overload(const Value& value, Overload& overload) {
  if (value.is("off")) {
    overload.enabled = false;
    return;
  }
  Mapping keys(value);
  if (const auto memory = keys.find("memory_mib"); memory && !memory->is("auto")) {
    if (memory->is_number())
      overload.memory_mib = memory->integer(kMinMemory, kMaxMemory);
    else
      memory->problem("must be auto or a whole number of MiB");
  }
  keys.integer("connections", overload.connections, 0, kMaxConnections);
}

void parse_limits(const Value& value, Limits& limits) {
  Mapping keys(value);
  keys.integer("metric_samples", limits.metric_samples, kMinSamples, kMaxSamples);
  const auto idle = keys.find("idle_upstream");
  if (!idle || idle->is("auto")) return;
  if (idle->is_number())
    limits.idle_upstream = idle->integer(0, kMaxIdle);
  else
    idle->problem("must be auto or a whole number from 0 to 1000000");
}

}  // namespace

Config parse_config(const Value& root) {
  Config config;
  Mapping keys(root);
  if (const auto value = keys.section("admin")) parse_admin(*value, config.admin);
  if (const auto value = keys.find("state")) parse_state(*value, config);
  if (const auto value = keys.find("workers")) parse_workers(*value, config);
  if (const auto value = keys.section("access_log")) parse_access_log(*value, config.access_log);
  keys.duration("shutdown_grace", config.shutdown_grace, Millis{0}, hours{1});
  if (const auto value = keys.section("overload")) parse_overload(*value, config.overload);
  if (const auto value = keys.section("limits")) parse_limits(*value, config.limits);
  if (const auto value = keys.section("discovery")) parse_discovery(*value, config.discovery);
  if (const auto value = keys.section("listeners"))
    for (const auto& [name, listener] : value->named(kMaxListeners))
      config.listeners.push_back(parse_listener(name, listener));
  if (const auto value = keys.section("services"))
    for (const auto& [name, service] : value->named(kMaxServices))
      config.services.push_back(parse_service(name, service));
  return config;
}

}  // namespace teal::config
