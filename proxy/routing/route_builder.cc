#include "proxy/routing/route_builder.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/rng.h"
#include "proxy/routing/sticky.h"

namespace teal::proxy {
namespace {

constexpr std::array<Audience, 2> kAudiences{Audience::split, Audience::preview};

HashRing build_ring(const TargetStates& targets) {
  std::vector<std::string> names;
  names.reserve(targets.size());
  for (const TargetState& target : targets) names.push_back(to_string(target.address));
  const std::vector<std::string_view> views(names.begin(), names.end());
  return HashRing{views};
}

std::string group_name(const config::Service& spec, Colour colour) {
  return spec.name + '/' + std::string(to_string(colour));
}

TargetKey key_of(const config::Service& spec, Colour colour, const TargetState& target) {
  return {spec.name, colour, to_string(target.address)};
}

/// What of the spec goes into a set of targets.
bool makes_same_sets(const config::Service& one, const config::Service& other) {
  return one.balance == other.balance && one.metrics.per_target == other.metrics.per_target;
}

}  // namespace

RouteBuilder::RouteBuilder(const Books& books, std::uint64_t seed)
    : books_(books),
      seed_(seed),
      index_(std::make_shared<const RouteIndex>()),
      tls_(std::make_shared<const TlsTable>()) {}

// ---- what it is told ----------------------------------------------------------------------------

RouteBuilder::Entry& RouteBuilder::entry_of(ServiceId id) {
  if (services_.size() <= id) services_.resize(id + 1);
  if (!services_[id]) services_[id] = std::make_unique<Entry>();
  return *services_[id];
}

void RouteBuilder::configure(const config::Config& config) {
  std::map<std::string, SharedSpec, std::less<>> specs;
  std::vector<std::string> order;
  for (const config::Service& service : config.services) {
    const auto known = specs_.find(service.name);
    const bool is_same = known != specs_.end() && *known->second == service;
    specs[service.name] =
        is_same ? known->second : std::make_shared<const config::Service>(service);
    order.push_back(service.name);
  }
  has_stale_routes_ = has_stale_routes_ || order != order_ || specs != specs_;
  order_ = std::move(order);
  specs_ = std::move(specs);
  for (const auto& [name, id] : ids_) {
    Entry& entry = *services_[id];
    const auto found = specs_.find(name);
    const SharedSpec spec = found == specs_.end() ? nullptr : found->second;
    if (entry.spec == spec) continue;
    entry.spec = spec;
    entry.sticky = nullptr;
    mark_stale(id);
  }
  configure_listeners(config.listeners);
}

void RouteBuilder::configure_listeners(const std::vector<config::Listener>& listeners) {
  const auto is_in_file = [&](const Listener& listener) {
    return std::ranges::find(listeners, listener.name, &config::Listener::name) != listeners.end();
  };
  for (Listener& each : listeners_) {
    if (each.is_named == is_in_file(each)) continue;
    each.is_named = !each.is_named;
    has_stale_routes_ = true;
  }
  for (const config::Listener& listener : listeners) {
    auto known = std::ranges::find(listeners_, listener.name, &Listener::name);
    if (known == listeners_.end()) {
      known = listeners_.insert(known, Listener{{}, listener.name, true});
      known->view.counts = std::make_shared<ListenerCounts>();
      has_stale_routes_ = true;
    }
    if (known->view.spec && *known->view.spec == listener) continue;
    limit_clients(known->view, listener.limits.connections_per_client);
    known->view.spec = std::make_shared<const config::Listener>(listener);
    has_stale_listeners_ = true;
  }
}

/// Workers may be using the limiter that there is, and connections hold places in it: it stays for
/// as long as its listener's name.
void RouteBuilder::limit_clients(ListenerView& view, std::uint32_t most) {
  std::unique_ptr<ClientConnectionLimiter>& limiter = view.counts->clients;
  if (limiter)
    limiter->set_most(most);
  else if (most > 0)
    limiter = std::make_unique<ClientConnectionLimiter>(most);
  view.clients = most > 0 ? limiter.get() : nullptr;
}

void RouteBuilder::set_error_pages(const ErrorPages& pages) {
  for (const auto& [name, id] : ids_)
    if (*pages.of_service(name) != *pages_.of_service(name)) mark_stale(id);
  pages_ = pages;
  has_stale_listeners_ = true;
}

void RouteBuilder::set_sticky_secrets(const StickySecrets& secrets) {
  secrets_ = secrets;
  for (const auto& [name, id] : ids_) {
    Entry& entry = *services_[id];
    if (!entry.spec || !entry.spec->sticky) continue;
    entry.sticky = nullptr;
    mark_stale(id);
  }
}

void RouteBuilder::set_tls(std::shared_ptr<const TlsTable> tls) {
  has_stale_listeners_ = has_stale_listeners_ || tls->listeners != tls_->listeners;
  for (const auto& [name, id] : ids_) {
    if (TlsTable::find(tls->services, name) == TlsTable::find(tls_->services, name)) continue;
    mark_stale(id);
  }
  tls_ = std::move(tls);
}

void RouteBuilder::set_passwords(PasswordTable passwords) {
  has_stale_routes_ = has_stale_routes_ || passwords != passwords_;
  passwords_ = std::move(passwords);
}

// ---- what it makes ------------------------------------------------------------------------------

void RouteBuilder::mark_stale(ServiceId id) {
  if (!std::exchange(services_[id]->is_stale, true)) stale_.push_back(id);
}

void RouteBuilder::learn(const SharedService& snapshot) {
  Entry& entry = entry_of(snapshot->id);
  if (ids_.emplace(snapshot->name, snapshot->id).second) {
    const auto found = specs_.find(snapshot->name);
    if (found != specs_.end()) entry.spec = found->second;
    has_stale_routes_ = true;
  }
  entry.snapshot = snapshot;
  mark_stale(snapshot->id);
}

std::shared_ptr<const RouteUpdate> RouteBuilder::build(const Publication& publication) {
  for (const SharedService& snapshot : publication.services) learn(snapshot);
  return build_stale(publication.version);
}

std::shared_ptr<const RouteUpdate> RouteBuilder::build_rest() {
  if (stale_.empty() && !has_stale_routes_ && !has_stale_listeners_) return nullptr;
  return build_stale(version_);
}

std::shared_ptr<const RouteUpdate> RouteBuilder::build_stale(std::uint64_t version) {
  TEAL_ASSERT(version >= version_);
  version_ = version;
  books_.slots.start(version);
  auto update = std::make_shared<RouteUpdate>();
  update->version = version;
  for (const ServiceId id : std::exchange(stale_, {})) {
    Entry& entry = *services_[id];
    entry.is_stale = false;
    renew_view(id, entry, *update);
  }
  if (has_stale_routes_ || has_stale_listeners_) update->index = build_index();
  return update;
}

void RouteBuilder::renew_view(ServiceId id, Entry& entry, RouteUpdate& update) {
  const SharedView before = entry.view;
  if (!entry.spec) entry.snapshot = nullptr;  // Should it come back, control speaks of it anew.
  entry.view = entry.snapshot && entry.spec ? build_view(id, entry) : nullptr;
  if (entry.view) update.services.push_back(entry.view);
  if (!before) return;
  let_go(*before);
  if (entry.view) return;
  for (const Colour colour : kColours) {
    forget_targets(*before, colour, [](const TargetState&) { return true; });
    for (const auto& target : before->groups[colour].set->shared)
      books_.limits.left(group_name(*before->spec, colour), target);
  }
  update.removed.push_back(id);
}

SharedView RouteBuilder::build_view(ServiceId id, Entry& entry) {
  const config::Service& spec = *entry.spec;
  const ServiceSnapshot& snapshot = *entry.snapshot;
  if (spec.sticky && secrets_ && !entry.sticky)
    entry.sticky = std::make_shared<const StickyCookies>(*secrets_, spec.name);
  ++built_.views;
  auto view = std::make_shared<ServiceView>();
  view->id = id;
  view->spec = entry.spec;
  view->live = snapshot.live;
  view->split = snapshot.split;
  view->exposure = snapshot.exposure;
  view->judging = snapshot.judging;
  view->meanings = snapshot.meanings;
  view->watches_ages = snapshot.watches_ages;
  view->draw = snapshot.draw;
  view->sticky = entry.sticky;
  view->error_pages = pages_.of_service(spec.name);
  view->tls = TlsTable::find(tls_->services, spec.name);
  for (const Colour colour : kColours) view->groups[colour] = build_group(entry, colour);
  return view;
}

GroupView RouteBuilder::build_group(Entry& entry, Colour colour) {
  const config::Service& spec = *entry.spec;
  const ServiceSnapshot& service = *entry.snapshot;
  const GroupSnapshot& state = service.groups[colour];
  GroupView group;
  group.colour = colour;
  group.revision = state.revision;
  group.take_targets(build_targets(entry, colour));
  if (!entry.limits[colour]) entry.limits[colour] = books_.limits.make_group();
  group.limits = entry.limits[colour];
  group.fallback = state.fallback;
  // A release whose targets are ill gives its traffic away; only the live group has nobody to.
  group.panicking = colour == service.live && is_panicking(service, spec.panic_percent);
  group.available = std::ranges::any_of(
      group.targets, [&](const TargetState& target) { return group.accepts(target); });
  // Nobody judges previews: one slot will do for all of them.
  for (const Audience audience : kAudiences)
    group.slots[audience] =
        books_.slots.slot({spec.name, colour, state.revision, audience},
                          audience == Audience::split ? service.stage() : Stage{});
  return group;
}

std::shared_ptr<const TargetSet> RouteBuilder::build_targets(Entry& entry, Colour colour) {
  const config::Service& spec = *entry.spec;
  const std::shared_ptr<const TargetStates>& states = entry.snapshot->groups[colour].targets;
  const TargetSet* const before = entry.view ? entry.view->groups[colour].set.get() : nullptr;
  if (before != nullptr && before->states == states && makes_same_sets(*entry.view->spec, spec))
    return entry.view->groups[colour].set;
  ++built_.target_sets;
  auto made = std::make_shared<TargetSet>();
  made->states = states;
  // Those that leave make room for those that come; those that stay are added again first, so that
  // they keep their counts.
  std::set<std::string> present;
  if (before != nullptr && !before->counts.empty())
    for (const TargetState& target : *states) present.insert(to_string(target.address));
  const auto stays = [&](const TargetState& target) {
    return present.contains(to_string(target.address));
  };
  if (before != nullptr) forget_targets(*entry.view, colour, std::not_fn(stays));
  made->shared = share_targets(*states, before, group_name(spec, colour));
  if (spec.metrics.per_target)
    for (const TargetState& target : *states)
      made->counts.push_back(books_.targets.add(key_of(spec, colour, target)));
  if (spec.balance == config::Balance::consistent_hash) made->ring = build_ring(*states);
  if (before != nullptr) forget_targets(*entry.view, colour, stays);
  return made;
}

/// Those that stay keep theirs, and so does an address that leaves and comes at once.
std::vector<std::shared_ptr<SharedTarget>> RouteBuilder::share_targets(const TargetStates& states,
                                                                       const TargetSet* before,
                                                                       const std::string& group) {
  std::map<TargetId, std::shared_ptr<SharedTarget>> former;
  if (before != nullptr)
    for (std::size_t i = 0; i < before->states->size(); ++i)
      former[(*before->states)[i].id] = before->shared[i];
  std::vector<std::shared_ptr<SharedTarget>> shared(states.size());
  for (std::size_t i = 0; i < states.size(); ++i)
    if (auto stays = former.extract(states[i].id)) shared[i] = std::move(stays.mapped());
  for (const auto& [id, target] : former) books_.limits.left(group, target);
  for (std::size_t i = 0; i < states.size(); ++i)
    if (!shared[i]) shared[i] = books_.limits.make_target(group, states[i].address);
  return shared;
}

void RouteBuilder::forget_targets(const ServiceView& view, Colour colour,
                                  const std::function<bool(const TargetState&)>& which) {
  const TargetSet& set = *view.groups[colour].set;
  for (std::size_t i = 0; i < set.counts.size(); ++i)
    if (which((*set.states)[i]))
      books_.targets.forget(key_of(*view.spec, colour, (*set.states)[i]), set.counts[i] == nullptr);
}

/// The view is nobody's any more who begins something. What the next one has too was taken again
/// before.
void RouteBuilder::let_go(const ServiceView& view) {
  for (const Colour colour : kColours)
    for (const Audience audience : kAudiences)
      books_.slots.leave(view.groups[colour].slots[audience]);
}

// ---- names and their ids ------------------------------------------------------------------------

std::vector<std::string> RouteBuilder::listener_names() const {
  std::vector<std::string> names;
  for (const Listener& each : listeners_) names.push_back(each.name);
  return names;
}

std::optional<ListenerId> RouteBuilder::listener_id(const std::string& name) const {
  const auto found = std::ranges::find(listeners_, name, &Listener::name);
  if (found == listeners_.end()) return std::nullopt;
  return static_cast<ListenerId>(found - listeners_.begin());
}

std::optional<ServiceId> RouteBuilder::service_id(const std::string& name) const {
  const auto found = ids_.find(name);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

}  // namespace teal::proxy
