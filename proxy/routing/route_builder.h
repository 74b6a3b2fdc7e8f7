// RouteBuilder: makes of control's publications, and of what the file says, the routes that workers
// take: for each publication a RouteUpdate with the views of the services that changed, and, where
// the file or TLS did, the index of the listeners. What has not changed is not made anew but
// shared: a split of one service of thousands makes one view (built() counts).
//
// Services and listeners are known by their names: a configuration may name others, or the same
// ones in another order.
//
// Control thread. Hands out slots, limits and counts; does not know workers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/publication.h"
#include "base/sticky_secrets.h"
#include "config/config.h"
#include "proxy/headers/error_pages.h"
#include "proxy/routing/password_table.h"
#include "proxy/routing/route_index.h"
#include "proxy/routing/service_view.h"
#include "proxy/routing/tls_table.h"

namespace teal::proxy {

class RouteBuilder {
 public:
  struct Books {
    SlotTable& slots;
    LimitTable& limits;
    TargetCountsTable& targets;
  };
  /// So many objects have been made.
  struct Built {
    std::uint64_t views = 0;
    std::uint64_t target_sets = 0;
    std::uint64_t indexes = 0;  ///< Those whose routes were made anew.
    bool operator==(const Built&) const = default;
  };

  /// `seed`: random, for the tables of the rate limiters.
  RouteBuilder(const Books& books, std::uint64_t seed);

  // What holds from the next build() on.
  void configure(const config::Config& config);
  void set_error_pages(const ErrorPages& pages);
  void set_sticky_secrets(const StickySecrets& secrets);
  void set_tls(std::shared_ptr<const TlsTable> tls);
  void set_passwords(PasswordTable passwords);

  /// Requires: configure() was called, and versions do not fall.
  std::shared_ptr<const RouteUpdate> build(const Publication& publication);
  /// What was set since the last build(), without a publication; null: nothing was.
  std::shared_ptr<const RouteUpdate> build_rest();

  const Built& built() const { return built_; }
  /// As it was built last; before that, with no listeners.
  const RouteIndex& index() const { return *index_; }
  // Nothing: there was never one of that name.
  std::optional<ListenerId> listener_id(const std::string& name) const;
  /// Of all that there ever were, by their ids.
  std::vector<std::string> listener_names() const;
  std::optional<ServiceId> service_id(const std::string& name) const;

 private:
  /// One service, by ServiceId; whatever is null is not known, or not any more.
  struct Entry {
    SharedSpec spec;
    SharedService snapshot;
    SharedView view;
    PerColour<std::shared_ptr<GroupLimits>> limits;
    std::shared_ptr<const StickyCookies> sticky;
    bool is_stale = false;  ///< Its view is to be made anew.
  };
  struct Listener {
    ListenerView view;
    std::string name;
    bool is_named = false;  ///< By the present configuration.
  };

  Entry& entry_of(ServiceId id);
  void mark_stale(ServiceId id);
  void learn(const SharedService& snapshot);
  std::shared_ptr<const RouteUpdate> build_stale(std::uint64_t version);
  void renew_view(ServiceId id, Entry& entry, RouteUpdate& update);
  SharedView build_view(ServiceId id, Entry& entry);
  GroupView build_group(Entry& entry, Colour colour);
  std::shared_ptr<const TargetSet> build_targets(Entry& entry, Colour colour);
  std::vector<std::shared_ptr<SharedTarget>> share_targets(const TargetStates& states,
                                                           const TargetSet* before,
                                                           const std::string& group);
  void configure_listeners(const std::vector<config::Listener>& listeners);
  static void limit_clients(ListenerView& view, std::uint32_t most);
  void forget_targets(const ServiceView& view, Colour colour,
                      const std::function<bool(const TargetState&)>& which);
  void let_go(const ServiceView& view);
  std::shared_ptr<const RouteIndex> build_index();
  std::shared_ptr<RateLimiter> limiter_of(const config::Service& service, const std::string& route,
                                          const config::RateLimit& limit);
  std::shared_ptr<const RouteGate> gate_of(const config::RouteActions& actions);
  void add_call(const config::ForwardAuth& forward, RouteGate& gate) const;

  const Books books_;
  const std::uint64_t seed_;
  Built built_;
  std::uint64_t version_ = 0;
  std::vector<std::unique_ptr<Entry>> services_;          ///< By ServiceId.
  std::map<std::string, ServiceId> ids_;                  ///< Of those that were published.
  std::map<std::string, SharedSpec, std::less<>> specs_;  ///< By the present configuration.
  std::vector<std::string> order_;                        ///< The services', as in the file.
  std::vector<ServiceId> stale_;                          ///< Whose entries say so; each once.
  std::vector<Listener> listeners_;                       ///< By ListenerId.
  std::shared_ptr<const RouteIndex> index_;
  bool has_stale_routes_ = true;     ///< They are to be made anew.
  bool has_stale_listeners_ = true;  ///< What else the index says is.
  ErrorPages pages_;
  std::optional<StickySecrets> secrets_;
  std::shared_ptr<const TlsTable> tls_;
  PasswordTable passwords_;
  std::uint64_t gates_ = 0;  ///< So many have been made.
  struct Limiter {
    config::RateLimit spec;
    std::shared_ptr<RateLimiter> limiter;
  };
  std::map<std::string, Limiter> limiters_;  ///< By "service/route".
};

}  // namespace teal::proxy
