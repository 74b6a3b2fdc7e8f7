#include "app/serve/overload_watch.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <string>

namespace teal::app {
namespace {

/// The control API's connections, probes, the store, logs, epoll sets and listening sockets.
constexpr std::uint64_t kOwnDescriptors = 400;
/// Of those, for probes.
constexpr std::uint64_t kForProbes = 64;
/// Probes, however many descriptors there are: each takes some four kilobytes of the kernel's.
constexpr std::uint64_t kMaxProbes = 32'768;
/// Idle connections to targets, however many descriptors there are.
constexpr std::uint32_t kMaxIdle = 65'536;
constexpr std::uint64_t kMiB = 1024 * 1024;

std::uint64_t read_resident() {
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  std::ifstream statm("/proc/self/statm");
  statm >> pages >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// 0 where the file is missing or says "max".
std::uint64_t read_number(const std::string& path) {
  std::string text;
  std::ifstream file(path);
  file >> text;
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::uint64_t read_cgroup_memory_limit() {
  // cgroups(7): "0::/path" is version 2; of version 1 the line names its controllers.
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool is_second = controllers.empty();
    if (!is_second && (',' + controllers + ',').find(",memory,") == line.npos) continue;
    const std::string root = is_second ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    const std::string file = is_second ? "/memory.max" : "/memory.limit_in_bytes";
    for (std::string path = line.substr(second + 1);; path.erase(path.rfind('/'))) {
      if (path == "/") path.clear();
      const std::uint64_t limit = read_number(std::string(root).append(path).append(file));
      if (limit > 0) least = std::min(least, limit);
      if (path.find('/') == path.npos) break;
    }
  }
  // Version 1 has no word for "none": a number beyond all memory.
  return least >= std::uint64_t{1} << 60U ? 0 : least;
}

std::uint32_t idle_upstream_limit(std::uint64_t descriptors) {
  if (descriptors == 0) return kMaxIdle;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(descriptors / 4, kMaxIdle));
}

// A target that says nothing holds its place for a whole timeout, half of the usual interval: as
// many places are needed then as half of the targets. An eighth of the descriptors is what probes
// may take from traffic for that: a client's request in flight takes two.
std::uint64_t probe_limit(std::uint64_t descriptors) {
  if (descriptors == 0) return kMaxProbes;
  return std::clamp<std::uint64_t>(descriptors / 8, 1, kMaxProbes);
}

std::uint64_t reserved_descriptors(std::uint64_t limit, std::uint64_t probes) {
  const std::uint64_t own = kOwnDescriptors - kForProbes + std::max(probes, kForProbes);
  return std::min(own, limit / 4);
}

OverloadWatch::OverloadWatch(const config::Overload& spec, proxy::WorkerPool& pool, Log& log)
    : spec_(spec),
      pool_(pool),
      log_(log),
      memory_limit_(spec.memory_mib ? *spec.memory_mib * kMiB : read_cgroup_memory_limit()) {}

proxy::Usages OverloadWatch::read_usages(std::uint64_t descriptors, std::uint64_t probes) {
  const proxy::PoolLoad load = pool_.load();
  const std::uint64_t reserved = reserved_descriptors(descriptors, probes);
  const std::uint64_t for_traffic = descriptors - reserved;
  if (descriptors > 0) {
    const auto number = [](std::uint64_t of) {
      return static_cast<int>(std::min<std::uint64_t>(of, std::numeric_limits<int>::max()));
    };
    // Of what is kept back for traffic's own ends, probes take nothing.
    const std::uint64_t for_targets = reserved_descriptors(descriptors, 0) / 2;
    pool_.limit_descriptors(number(for_traffic), number(for_traffic + for_targets));
  }
  proxy::Usages usages;
  usages[static_cast<std::size_t>(proxy::OverloadResource::memory)] = {read_resident(),
                                                                       memory_limit_};
  usages[static_cast<std::size_t>(proxy::OverloadResource::connections)] = {load.connections,
                                                                            spec_.connections};
  usages[static_cast<std::size_t>(proxy::OverloadResource::descriptors)] = {
      load.connections + load.upstream, for_traffic};
  return usages;
}

void OverloadWatch::tick(Mono now, std::uint64_t descriptors, std::uint64_t probes) {
  if (!spec_.enabled) return;
  usages_ = read_usages(descriptors, probes);
  const auto before = static_cast<unsigned>(ladder_.level());
  if (!ladder_.step(usages_, now)) return;
  ++changes_;
  const auto level = static_cast<unsigned>(ladder_.level());
  pool_.set_overload(ladder_.level());
  const bool is_worse = level > before;
  log_.write(is_worse ? Level::warning : Level::info, is_worse ? "overload" : "overload eases",
             {{"level", std::to_string(level)},
              {"before", std::to_string(before)},
              {"because", ladder_.reasons()}});
}

std::vector<MetricSample> OverloadWatch::samples() const {
  using Type = MetricSample::Type;
  std::vector<MetricSample> samples;
  samples.push_back({.name = "teal_overload_level",
                     .help = "0, or 1 idle connections end sooner, 2 no keep-alive, 3 requests are "
                             "answered 503, 4 nobody is accepted.",
                     .type = Type::gauge,
                     .labels = {},
                     .value = static_cast<double>(ladder_.level())});
  samples.push_back({.name = "teal_overload_changes_total",
                     .help = "Times that the level of overload changed.",
                     .type = Type::counter,
                     .labels = {},
                     .value = static_cast<double>(changes_)});
  for (std::size_t i = 0; i < usages_.size(); ++i) {
    if (usages_[i].limit == 0) continue;
    samples.push_back(
        {.name = "teal_overload_used_ratio",
         .help = "How much is used of what clients may use, where that has a limit.",
         .type = Type::gauge,
         .labels = {{"resource",
                     std::string(proxy::to_string(static_cast<proxy::OverloadResource>(i)))}},
         .value = static_cast<double>(usages_[i].used) / static_cast<double>(usages_[i].limit)});
  }
  return samples;
}

}  // namespace teal::app
