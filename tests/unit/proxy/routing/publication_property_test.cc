// Whatever sequence of publications by parts, and of files between them, a worker takes: it routes
// as one that is new and gets all of it at once. Seeded; a failure prints its seed.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "proxy/loop/runtime_registry.h"
#include "tests/support/routes_room.h"

namespace teal::proxy {
namespace {

constexpr int kSequences = 10'000;
constexpr std::array<const char*, 4> kNames{"a", "b", "c", "d"};
constexpr std::array<const char*, 3> kListeners{"public", "preview", "third"};
constexpr std::array<const char*, 3> kPaths{"/", "/api", "/api/v2"};

/// One worker and what makes its routes.
struct Side {
  std::shared_ptr<const RouteUpdate> take(const Publication& publication) {
    auto update = room.builder.build(publication);
    runtimes.take(*update, routes, Mono{});
    return update;
  }

  RoutesRoom room;
  Shard shard;
  Rng rng{1};
  RuntimeRegistry runtimes{0, {}, rng, shard};
  WorkerRoutes routes;
};

class World {
  template <class List>
  std::size_t place_in(const List& list) {
    return rng_.below(static_cast<std::uint32_t>(list.size()));
  }
  template <class List>
  auto& any(List& list) {
    return list[place_in(list)];
  }

 public:
  explicit World(std::uint64_t seed) : rng_(seed) {
    config_.listeners.emplace_back().name = kListeners[0];
    add_service("a");
    add_service("b");
    side_.room.builder.configure(config_);
    publish();
  }

  void step() {
    if (rng_.below(5) == 0) {
      change_file();
      side_.room.builder.configure(config_);
    }
    for (std::uint32_t changes = rng_.below(4); changes > 0; --changes)
      if (!config_.services.empty()) change(states_[any(config_.services).name]);
    publish();
  }
  std::string incrementally() { return describe(side_); }
  std::string at_once() {
    Side fresh;
    fresh.room.builder.configure(config_);
    Publication all{version_, {}};
    for (const config::Service& service : config_.services)
      all.services.push_back(snapshot_of(states_[service.name], nullptr));
    fresh.take(all);
    return describe(fresh);
  }

 private:
  void add_service(const std::string& name) {
    config::Service& service = config_.services.emplace_back();
    service.name = name;
    service.match = {{any(config_.listeners).name, "", any(kPaths)}};
    ServiceState& state = states_[name];
    if (state.name.empty()) {
      state.name = name;
      state.id = static_cast<ServiceId>(states_.size() - 1);
    }
    published_.erase(name);
  }

  void change_file() {
    switch (rng_.below(7)) {
      case 0:
        for (const char* name : kNames)
          if (std::ranges::find(config_.services, name, &config::Service::name) ==
              config_.services.end())
            return add_service(name);
        return;
      case 1:
        if (!config_.services.empty())
          config_.services.erase(config_.services.begin() +
                                 static_cast<std::ptrdiff_t>(place_in(config_.services)));
        return;
      case 2:
        if (config_.services.size() > 1)
          std::swap(config_.services.front(), config_.services.back());
        return;
      case 3:
        for (const char* name : kListeners)
          if (std::ranges::find(config_.listeners, name, &config::Listener::name) ==
              config_.listeners.end()) {
            config::Listener listener;
            listener.name = name;
            config_.listeners.insert(config_.listeners.begin(), listener);
            return;
          }
        return;
      case 4: {
        if (config_.listeners.size() < 2) return;
        const std::string gone = any(config_.listeners).name;
        std::erase_if(config_.listeners, [&](const auto& each) { return each.name == gone; });
        for (config::Service& service : config_.services)
          for (config::Match& match : service.match)
            if (match.listener == gone) match.listener = config_.listeners[0].name;
        return;
      }
      case 5:
        if (!config_.services.empty()) any(config_.services).panic_percent = rng_.below(2) * 50;
        return;
      default:
        if (!config_.services.empty())
          any(config_.services).match = {{any(config_.listeners).name, "", any(kPaths)},
                                         {any(config_.listeners).name, "x", any(kPaths)}};
    }
  }

  void change(ServiceState& state) {
    GroupState& group = state.groups[rng_.below(2) == 0 ? Colour::blue : Colour::green];
    switch (rng_.below(9)) {
      case 0: state.split = Split::with(Colour::green, Weight{rng_.below(10'001)}); return;
      case 1: state.live = other(state.live); return;
      case 2: ++state.draw; return;
      case 3: state.step = rng_.below(4); return;
      case 4: group.revision = "v" + std::to_string(rng_.below(4)); return;
      case 5: group.fallback = !group.fallback; return;
      case 6: {
        TargetState& target = group.targets.emplace_back();
        target.id = ++targets_;
        target.address = {Address::Kind::ip4, "10.0.0." + std::to_string(1 + rng_.below(250)), 80};
        target.health = Health::healthy;
        return;
      }
      case 7:
        if (!group.targets.empty())
          group.targets.erase(group.targets.begin() +
                              static_cast<std::ptrdiff_t>(place_in(group.targets)));
        return;
      default:
        if (group.targets.empty()) return;
        TargetState& target = any(group.targets);
        target.health = rng_.below(2) == 0 ? Health::healthy : Health::unhealthy;
        target.ejected = rng_.below(4) == 0;
        target.draining = rng_.below(4) == 0;
    }
  }

  void publish() {
    Publication publication{++version_, {}};
    for (const config::Service& service : config_.services) {
      SharedService& before = published_[service.name];
      SharedService now = snapshot_of(states_[service.name], before);
      if (now != before) publication.services.push_back(now);
      before = std::move(now);
    }
    std::erase_if(published_, [&](const auto& each) {
      return std::ranges::find(config_.services, each.first, &config::Service::name) ==
             config_.services.end();
    });
    side_.take(publication);
    if (rng_.below(2) == 0) side_.room.slots.on_applied(version_);
    const std::vector<SlotId> leaving(side_.room.slots.leaving().begin(),
                                      side_.room.slots.leaving().end());
    for (const SlotId slot : leaving)
      if (side_.room.slots.is_left(slot) && rng_.below(2) == 0) side_.room.slots.free(slot);
  }

  std::string describe(Side& side) {
    std::string text;
    for (const config::Listener& listener : config_.listeners) {
      const auto id = side.room.builder.listener_id(listener.name);
      if (!id) return "a listener is missing";
      const ListenerView& view = side.routes.listener(*id);
      text += view.spec->name + '\n';
      for (const char* host : {"x", "y"})
        for (const char* path : {"/", "/api", "/api/v2/z", "/other"}) {
          const Route* const found = view.routes->match(host, path, {});
          text += std::string(host) + path + ": ";
          text +=
              found == nullptr ? "nobody" : describe(side, *side.routes.service(found->service));
          text += '\n';
        }
    }
    return text;
  }
  static std::string describe(const Side& side, const WorkerService& service) {
    const ServiceView& view = *service.view;
    std::string text = view.spec->name + ' ' + to_string(view.split) + " live " +
                       std::string(to_string(view.live)) + " draw " + std::to_string(view.draw) +
                       " panic " + std::to_string(view.spec->panic_percent);
    for (const Colour colour : kColours) {
      const GroupView& group = view.groups[colour];
      const SlotId slot = group.slots[Audience::split];
      text += " | " + group.revision + (group.available ? " available" : "") +
              (group.panicking ? " panicking" : "") + (group.fallback ? " fallback" : "") +
              " counts as " + side.room.slots.key(slot).revision + '/' +
              std::to_string(side.room.slots.stage(slot).deployment) + '/' +
              std::to_string(side.room.slots.stage(slot).step);
      const auto& runtimes = service.groups[colour].targets;
      if (runtimes.size() != group.targets.size()) return "other runtimes than targets";
      for (std::size_t i = 0; i < runtimes.size(); ++i) {
        text += ' ' + runtimes[i]->address() + (group.accepts(group.targets[i]) ? "+" : "-");
        if (runtimes[i]->is_retired || runtimes[i]->id != group.targets[i].id ||
            runtimes[i]->address() != to_string(group.targets[i].address) ||
            runtimes[i]->shared != group.set->shared[i] ||
            runtimes[i]->group->service_runtime != service.runtime)
          return "a runtime of another target";
      }
    }
    return text;
  }

  Rng rng_;
  config::Config config_;
  std::map<std::string, ServiceState> states_;
  std::map<std::string, SharedService> published_;
  std::uint64_t version_ = 0;
  TargetId targets_ = 0;
  Side side_;
};

TEST(Publications, ByPartsRouteAsOneWholeWould) {
  for (std::uint64_t seed = 1; seed <= kSequences; ++seed) {
    World world(seed);
    for (int step = 0; step < 6; ++step) world.step();
    ASSERT_EQ(world.incrementally(), world.at_once()) << "seed " << seed;
  }
}

TEST(Publications, OfALongLifeRouteAsOneWholeWould) {
  World world(7);
  for (int step = 0; step < 3000; ++step) {
    world.step();
    if (step % 50 == 0) {
      ASSERT_EQ(world.incrementally(), world.at_once()) << step;
    }
  }
}

}  // namespace
}  // namespace teal::proxy
