#include "proxy/worker/listener_plan.h"

#include <algorithm>

namespace teal::proxy {
namespace {

bool is_wildcard(const Address& address) {
  return address.kind != Address::Kind::unix_socket &&
         (address.host == "0.0.0.0" || address.host == "::");
}

bool is_chosen_by_system(const Address& address) {
  return address.kind != Address::Kind::unix_socket && address.port == 0;
}

/// One has the port at all addresses, the other at one of them.
bool overlap(const Address& one, const Address& other) {
  return one.kind == other.kind && one.kind != Address::Kind::unix_socket &&
         one.port == other.port && one.port != 0 && one.host != other.host &&
         (is_wildcard(one) || is_wildcard(other));
}

}  // namespace

bool covers(const Address& one, const Address& other) {
  return one == other || overlap(one, other);
}

ListenerPlan plan_listeners(const std::vector<OpenListener>& open, const config::Config& config) {
  ListenerPlan plan;
  std::vector<const OpenListener*> free;
  for (const OpenListener& each : open) {
    const auto same = std::ranges::find(config.listeners, each.listener, &config::Listener::name);
    if (same == config.listeners.end()) plan.ended.push_back(each.listener);
    if (same == config.listeners.end() || same->address != each.asked) free.push_back(&each);
  }
  for (const config::Listener& listener : config.listeners) {
    const auto own = std::ranges::find(open, listener.name, &OpenListener::listener);
    if (own != open.end() && own->asked == listener.address) continue;
    const auto found = std::ranges::find_if(free, [&](const OpenListener* each) {
      return !is_chosen_by_system(listener.address) && each->asked == listener.address;
    });
    if (found == free.end()) {
      plan.missing.push_back(listener);
      continue;
    }
    plan.taken_over.push_back({(*found)->id, listener.name});
    free.erase(found);
  }
  for (const OpenListener* each : free) plan.surplus.push_back(each->id);
  std::ranges::stable_partition(
      plan.missing, [](const config::Listener& each) { return is_wildcard(each.address); });
  return plan;
}

bool shares_port(const config::Listener& listener, const std::vector<OpenListener>& open,
                 const std::vector<config::Listener>& others) {
  const auto is_open_too = [&](const OpenListener& each) {
    return overlap(each.asked, listener.address);
  };
  // Of those that are opened with it, the one at all addresses comes first and asks for all.
  const auto is_wider = [&](const config::Listener& each) {
    return is_wildcard(each.address) && overlap(each.address, listener.address);
  };
  return std::ranges::any_of(open, is_open_too) || std::ranges::any_of(others, is_wider);
}

}  // namespace teal::proxy
