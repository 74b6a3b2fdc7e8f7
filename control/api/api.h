// AdminApi: the control API without its sockets. A request comes in as a value, the answer goes out
// through a callback, at once or when the command's consequence is published and journalled. What
// can be called is one table (api/api.cc), documented in control/api/openapi.json and checked
// against it.
//
// Control thread only. Decides nothing about releases (that is Commands), reads no clock of its
// own, and never answers the same request twice.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/colour.h"
#include "base/time.h"
#include "config/config.h"
#include "control/api/message.h"
#include "control/configuration/config_commands.h"
#include "control/deploy/commands.h"
#include "control/metrics/scraper.h"
#include "control/pages/service_pages.h"

namespace teal::control {

struct ApiCall;
class BodySource;

/// Gets a snapshot of the store, on the control thread, or why there is none.
using TakenSnapshot = std::function<void(ApiResult<std::shared_ptr<BodySource>>)>;

/// Calls it on the control thread after what waits there.
using Later = std::function<void(std::function<void()>)>;

/// What the API tells of the world outside control; app/ provides it.
struct ApiDependencies {
  /// For GET /metrics: the numbers of the process and of its traffic, which come before control's
  /// own; and those that are the first to be left out, over metric_samples. Empty: none.
  std::function<std::vector<ScrapePart>()> scrape;
  std::function<std::vector<ScrapePart>()> scrape_last{};
  /// For slices of what takes its time. Empty: all of it is done at once.
  Later later{};
  std::function<void(const ScrapeReport&)> on_scraped{};
  std::size_t metric_samples = config::Limits{}.metric_samples;
  /// For GET /readyz: why Teal is not ready, "shutting down". Empty: nothing beyond control's own.
  std::function<std::vector<std::string>()> not_ready;
  /// For GET /readyz: what is wrong and keeps nobody from being served.
  std::function<std::vector<std::string>()> warnings{};
  /// Who loads configurations; null: nobody does. Outlives the API.
  ConfigCommands* configuration = nullptr;
  /// For POST /v1/state/backup. Empty: nobody makes any.
  std::function<void(TakenSnapshot)> take_snapshot{};
};

class AdminApi {
 public:
  using Reply = std::function<void(ApiResponse)>;

  static constexpr std::size_t kMaxHistory = 1000;
  /// Services on a page, at most and where nobody says how many.
  static constexpr std::size_t kMaxPage = 1000;
  static constexpr std::size_t kUsualPage = 100;
  static constexpr std::size_t kMaxSubscribers = 64;
  static constexpr std::size_t kMaxSubscribersOfOneClient = 48;
  /// Beyond those, for clients whose certificate was verified.
  static constexpr std::size_t kVerifiedSubscribers = 16;

  /// The references are kept. Requires: they outlive the API and every Reply it was given.
  AdminApi(Commands& commands, const Clock& clock, config::Admin config,
           ApiDependencies dependencies);

  void handle(const ApiRequest& request, const Reply& reply);

  /// From the next request, and the next scrape, on.
  void configure(const config::Admin& admin, std::size_t metric_samples);

  /// For what takes its time with an answer; may be empty.
  const Later& later() const { return dependencies_.later; }

  enum class Kind : std::uint8_t {
    usual,
    probe,  ///< Asks how Teal is: what is answered while nothing else can be.
    copy,   ///< Waits for a disk, and not for workers.
  };
  static Kind kind_of(std::string_view method, std::string_view target);

  struct RouteName {
    std::string_view method, pattern;
  };
  static std::vector<RouteName> routes();

 private:
  struct Route;
  struct NamedTarget {
    Colour colour = Colour::blue;
    Address address;
  };
  static const std::vector<Route>& table();

  void dispatch(const ApiRequest& request, const Reply& reply);

  // api/queries.cc
  void list_services(const ApiCall& call, const Reply& reply);
  void get_service(const ApiCall& call, const Reply& reply);
  void list_deployments(const ApiCall& call, const Reply& reply);
  void get_deployment(const ApiCall& call, const Reply& reply);
  void get_evidence(const ApiCall& call, const Reply& reply);
  void get_replay(const ApiCall& call, const Reply& reply);
  void get_events(const ApiCall& call, const Reply& reply);
  void get_openapi(const ApiCall& call, const Reply& reply);
  void get_metrics(const ApiCall& call, const Reply& reply);
  void get_livez(const ApiCall& call, const Reply& reply);
  void get_readyz(const ApiCall& call, const Reply& reply);
  // api/commands.cc
  void start_deployment(const ApiCall& call, const Reply& reply);
  void steer_deployment(const ApiCall& call, const Reply& reply);
  void rollback_service(const ApiCall& call, const Reply& reply);
  void put_split(const ApiCall& call, const Reply& reply);
  void put_target(const ApiCall& call, const Reply& reply);
  void delete_target(const ApiCall& call, const Reply& reply);
  // api/config.cc
  void get_config(const ApiCall& call, const Reply& reply);
  void get_config_history(const ApiCall& call, const Reply& reply);
  void reload_config(const ApiCall& call, const Reply& reply);
  void rollback_config(const ApiCall& call, const Reply& reply);
  void confirm_config(const ApiCall& call, const Reply& reply);
  // api/state.cc
  void backup_state(const ApiCall& call, const Reply& reply);
  // api/alarms.cc
  void list_alarms(const ApiCall& call, const Reply& reply);
  void set_alarm(const ApiCall& call, const Reply& reply);
  void take_alertmanager(const ApiCall& call, const Reply& reply);

  ConfigCommands* configuration(const Reply& reply) const;
  /// The target that the call's path names; nothing once `reply` has said what is wrong with it.
  std::optional<NamedTarget> named_target(const ApiCall& call, const Reply& reply) const;
  Done<DeploymentReport> answer_with_deployment(const Reply& reply) const;
  bool knows_service(const std::string& name, const Reply& reply) const;
  std::string service_text(const ServiceReport& report) const;
  /// Without an end of line; empty for a service that is gone.
  std::string service_text(const std::string& name) const;
  std::optional<std::size_t> limit_of(const ApiCall& call, std::size_t usual, std::size_t most,
                                      const Reply& reply) const;
  ApiResponse service_response(int status, const ServiceReport& report) const;
  std::vector<MetricSample> own_metrics() const;
  std::vector<ScrapePart> scrape_parts() const;
  ScrapePart scrape_services() const;

  Commands& commands_;
  const Clock& clock_;
  config::Admin config_;
  ApiDependencies dependencies_;
  Scraper scraper_;
  ServicePages pages_;
  std::map<int, std::uint64_t> answers_;  ///< By status.
  struct Subscriber {
    std::weak_ptr<EventStream> stream;
    std::string client;
    bool verified = false;
  };
  std::optional<ApiError> check_subscriber(const ApiRequest& request);

  std::vector<Subscriber> subscribers_;
  std::uint64_t subscribers_refused_ = 0;
};

}  // namespace teal::control
