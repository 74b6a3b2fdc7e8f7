#include "proxy/downstream/connection_registry.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "proxy/downstream/downstream.h"

namespace teal::proxy {
namespace {

/// How often a worker looks at its requests in flight: where nobody judges their ages, and where a
/// judge does, who looks ten times a second.
constexpr Millis kCensusPause{1000};
constexpr Millis kWatchedPause{100};
/// At so many connections, about, before it goes on to other work.
constexpr std::size_t kSeenPerTick = 1024;

}  // namespace

void ConnectionRegistry::assign_connection(AcceptedConnection accepted) {
  const PoolState& shared = loop_.shared();
  const std::uint32_t here = loop_.worker();
  const bool draining = shared.is_draining.load(std::memory_order_relaxed);
  const std::size_t chosen = draining ? shared.loads->keep(here) : shared.loads->place(here);
  if (chosen != here) {
    loop_.counters().listener(accepted.listener)[ListenerStat::connections_handed_over].add();
    loop_.peers().hand_over(chosen, std::move(accepted));
    return;
  }
  Downstream::open(*this, std::move(accepted));
}

void ConnectionRegistry::serve_connection(AcceptedConnection accepted) {
  Downstream::open(*this, std::move(accepted));
}

void ConnectionRegistry::release_place(ListenerId listener) {
  loop_.shared().loads->closed(loop_.worker());
  loop_.routes().listener(listener).counts->connections.fetch_sub(1, std::memory_order_relaxed);
}

void ConnectionRegistry::opened(Downstream& downstream, ListenerId listener) {
  open_.insert(&downstream);
  loop_.counters().listener(listener)[ListenerStat::connections_active].add();
}

void ConnectionRegistry::replaced(Downstream& old, Downstream& by) {
  open_.erase(&old);
  open_.insert(&by);
}

void ConnectionRegistry::closed(Downstream& downstream, ListenerId listener) {
  release_place(listener);
  open_.erase(&downstream);
  loop_.counters().listener(listener)[ListenerStat::connections_active].subtract();
  report_idle();
}

/// Connections on their way here count: they have been accepted.
void ConnectionRegistry::report_idle() {
  if (on_idle_ && loop_.shared().loads->open(loop_.worker()) == 0)
    std::exchange(on_idle_, nullptr)();
}

void ConnectionRegistry::drain(std::function<void()> idle) {
  const std::vector<Downstream*> open(open_.begin(), open_.end());
  for (Downstream* each : open) each->drain();
  on_idle_ = std::move(idle);
}

void ConnectionRegistry::drain_listener(ListenerId listener) {
  std::vector<Downstream*> open;
  for (Downstream* each : open_)
    if (each->listener() == listener) open.push_back(each);
  for (Downstream* each : open) each->finish_soon();
}

void ConnectionRegistry::shorten_idle_all() {
  const std::vector<Downstream*> open(open_.begin(), open_.end());
  for (Downstream* each : open) each->shorten_idle();
}

void ConnectionRegistry::abort_all() {
  on_idle_ = nullptr;
  while (!open_.empty()) (*open_.begin())->abort();
}

/// Connections that come or go while a census is under way stay or leave where they are, unless the
/// set grows: then it begins anew.
void ConnectionRegistry::take_census() {
  const bool is_under_way = census_.is_under_way();
  const Millis pause = loop_.routes().watches_ages() ? kWatchedPause : kCensusPause;
  const Mono now = loop_.now();
  if (!is_under_way && now - pause < census_.began()) return;
  if (!is_under_way || open_.bucket_count() != census_buckets_) {
    census_.begin(is_under_way ? census_.finish() : census_box_.take_spare(),
                  loop_.routes().version(), now);
    census_bucket_ = 0;
    census_buckets_ = open_.bucket_count();
  }
  census_.set_now(now);
  const std::size_t end = std::min(census_bucket_ + kSeenPerTick, census_buckets_);
  for (; census_bucket_ < end; ++census_bucket_)
    for (auto each = open_.cbegin(census_bucket_); each != open_.cend(census_bucket_); ++each)
      (*each)->add_to_census(census_);
  if (census_bucket_ == census_buckets_) census_box_.put(census_.finish());
}

}  // namespace teal::proxy
