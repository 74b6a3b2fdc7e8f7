#include "control/admin/connections.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/assert.h"

namespace teal::control {
namespace {

constexpr bool makes_room(AdminStage stage) {
  return stage <= AdminStage::writing;
}

constexpr std::array<AdminStage, 6> kAllStages{AdminStage::silent,    AdminStage::idle,
                                               AdminStage::receiving, AdminStage::writing,
                                               AdminStage::answering, AdminStage::following};

MetricSample counter(std::string name, std::string help, std::uint64_t value) {
  return {std::move(name),
          std::move(help),
          MetricSample::Type::counter,
          {},
          static_cast<double>(value)};
}

}  // namespace

std::string_view to_string(AdminStage stage) {
  switch (stage) {
    case AdminStage::silent: return "silent";
    case AdminStage::idle: return "idle";
    case AdminStage::receiving: return "receiving";
    case AdminStage::writing: return "writing";
    case AdminStage::answering: return "answering";
    case AdminStage::following: return "following";
  }
  return "";
}

AdminPlaces::AdminPlaces(const AdminLimits& limits, Evict evict)
    : limits_(limits), evict_(std::move(evict)) {}

bool AdminPlaces::has_more_than_its_share(const std::string& client) const {
  const auto found = common_of_.find(client);
  return found != common_of_.end() && found->second * 4 > limits_.connections;
}

bool AdminPlaces::is_fresh(const Holder& holder) const {
  return holder.stage == AdminStage::silent &&
         (accepted_ - holder.admitted) * 4 < limits_.connections;
}

AdminPlaces::Holders::iterator AdminPlaces::first_to_go(
    const std::function<bool(Id, const Holder&)>& may) {
  const auto rank = [this](const Holder& holder) {
    return std::tuple(holder.verified, !has_more_than_its_share(holder.client), is_fresh(holder),
                      holder.stage, holder.since);
  };
  auto first = holders_.end();
  for (auto it = holders_.begin(); it != holders_.end(); ++it)
    if (may(it->first, it->second) &&
        (first == holders_.end() || rank(it->second) < rank(first->second)))
      first = it;
  return first;
}

AdminPlaces::Kind AdminPlaces::make_room(const std::string& client) {
  if (count(Kind::common) < limits_.connections) return Kind::common;
  const bool is_greedy = has_more_than_its_share(client);
  const auto victim = first_to_go([&](Id, const Holder& holder) {
    return holder.kind == Kind::common && makes_room(holder.stage) &&
           (!is_greedy || holder.client == client);
  });
  if (victim != holders_.end()) {
    evict(victim);
    return Kind::common;
  }
  if (count(Kind::reserve) >= limits_.reserve) {
    const auto oldest =
        first_to_go([](Id, const Holder& holder) { return holder.kind == Kind::reserve; });
    if (oldest != holders_.end()) evict(oldest);
  }
  return Kind::reserve;
}

AdminPlaces::Id AdminPlaces::admit(const std::string& client) {
  ++accepted_;
  const Kind kind = make_room(client);
  const Id id = ++last_;
  Holder holder{.client = client, .kind = kind, .since = id, .admitted = accepted_};
  enter(holder);
  holders_.emplace(id, std::move(holder));
  return id;
}

void AdminPlaces::set_verified(Id id) {
  const auto found = holders_.find(id);
  if (found == holders_.end()) return;
  Holder& holder = found->second;
  holder.verified = true;
  set_stage(id, AdminStage::idle);
  if (count(Kind::verified) < limits_.verified) return move(holder, Kind::verified);
  if (holder.kind != Kind::reserve) return;
  const auto victim = first_to_go([](Id, const Holder& other) {
    return other.kind == Kind::verified && makes_room(other.stage);
  });
  if (victim == holders_.end()) return;
  evict(victim);
  move(holder, Kind::verified);
}

void AdminPlaces::set_stage(Id id, AdminStage stage, std::size_t bytes) {
  const auto found = holders_.find(id);
  if (found == holders_.end()) return;
  Holder& holder = found->second;
  bytes_ = bytes_ - holder.bytes + bytes;
  holder.bytes = bytes;
  holder.stage = stage;
  holder.since = ++last_;
  while (bytes_ > limits_.held_bytes) {
    const auto victim = first_to_go([id](Id other, const Holder& held) {
      return other != id && held.bytes > 0 && makes_room(held.stage);
    });
    if (victim == holders_.end()) break;  // One is always let be: its own size is bounded.
    evict(victim);
  }
}

void AdminPlaces::leave(Id id) {
  if (const auto found = holders_.find(id); found != holders_.end()) forget(found);
}

bool AdminPlaces::is_in_reserve(Id id) const {
  const auto found = holders_.find(id);
  return found != holders_.end() && found->second.kind == Kind::reserve;
}

void AdminPlaces::evict(Holders::iterator victim) {
  const Id id = victim->first;
  ++evictions_[static_cast<std::size_t>(victim->second.stage)];
  forget(victim);
  evict_(id);
}

void AdminPlaces::forget(Holders::iterator holder) {
  withdraw(holder->second);
  bytes_ -= holder->second.bytes;
  holders_.erase(holder);
}

void AdminPlaces::move(Holder& holder, Kind kind) {
  withdraw(holder);
  holder.kind = kind;
  enter(holder);
}

void AdminPlaces::enter(const Holder& holder) {
  ++count(holder.kind);
  if (holder.kind == Kind::common) ++common_of_[holder.client];
}

void AdminPlaces::withdraw(const Holder& holder) {
  TEAL_ASSERT(count(holder.kind) > 0);
  --count(holder.kind);
  if (holder.kind != Kind::common) return;
  const auto found = common_of_.find(holder.client);
  TEAL_ASSERT(found != common_of_.end());
  if (--found->second == 0) common_of_.erase(found);
}

void AdminPlaces::count_timeout(Id id) {
  const auto found = holders_.find(id);
  if (found != holders_.end()) ++timeouts_[static_cast<std::size_t>(found->second.stage)];
}

std::vector<MetricSample> AdminPlaces::metrics() const {
  std::vector<MetricSample> samples;
  samples.push_back({"teal_admin_connections_active",
                     "Open connections to the control API.",
                     MetricSample::Type::gauge,
                     {},
                     static_cast<double>(holders_.size())});
  samples.push_back(counter("teal_admin_connections_total",
                            "Connections to the control API that were accepted.", accepted_));
  samples.push_back(counter("teal_admin_connections_refused_total",
                            "Connections to the control API whose request was answered 503 "
                            "because no place was left for it.",
                            refusals_));
  for (const AdminStage stage : kAllStages) {
    MetricSample evicted = counter("teal_admin_connections_evicted_total",
                                   "Connections to the control API that were closed to make room.",
                                   evictions_[static_cast<std::size_t>(stage)]);
    MetricSample late =
        counter("teal_admin_timeouts_total", "Connections to the control API that ran out of time.",
                timeouts_[static_cast<std::size_t>(stage)]);
    evicted.labels = {{"stage", std::string(to_string(stage))}};
    late.labels = evicted.labels;
    samples.push_back(std::move(evicted));
    samples.push_back(std::move(late));
  }
  return samples;
}

std::string admin_client(const void* address, std::size_t size) {
  sockaddr_storage storage{};
  std::memcpy(&storage, address, std::min(size, sizeof storage));
  const auto bytes_of = [](const void* from, std::size_t length) {
    return std::string(static_cast<const char*>(from), length);
  };
  constexpr std::size_t kPrefix = 56 / 8;
  if (storage.ss_family == AF_INET) {
    const auto* ip4 = reinterpret_cast<const sockaddr_in*>(&storage);
    return bytes_of(&ip4->sin_addr, sizeof ip4->sin_addr);
  }
  if (storage.ss_family != AF_INET6) return {};
  const auto* ip6 = reinterpret_cast<const sockaddr_in6*>(&storage);
  if (IN6_IS_ADDR_V4MAPPED(&ip6->sin6_addr)) return bytes_of(&ip6->sin6_addr.s6_addr[12], 4);
  return bytes_of(&ip6->sin6_addr, kPrefix);
}

}  // namespace teal::control
