// Client: the subcommands that talk to a running Teal, each a method that calls the control API,
// prints what it says and gives the exit code. Options come in as plain structs; who parses them is
// app/client_commands.cc.
//
// One thread; blocks.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "app/client/admin_client.h"
#include "app/client/exit_code.h"
#include "app/client/terminal.h"
#include "app/view/status.h"

namespace teal::app {

struct DeployOptions {
  std::string service, revision, plan, plan_file, idempotency_key;
  std::vector<std::string> targets;
  std::vector<std::string> alarms;  ///< "errors=error_rate > 1% over 30s minimum 50"
  std::string alarms_at_start;      ///< ignore or block; empty: as the service has it.
  bool wait = false;
  Millis timeout{0};  ///< Of waiting; 0: as long as it takes.
};

/// The body of POST /v1/services/{s}/deployments.
Result<std::string> deployment_body(const DeployOptions& options);

/// What `teal explain`, `replay` and `wait` are told: a deployment's id, a service or a revision.
struct WaitOptions {
  std::string what;
  Millis timeout{0};  ///< 0: as long as it takes.
};

struct ReloadOptions {
  bool dry_run = false;
  std::optional<std::uint64_t> if_generation;
  std::string confirm_within;  ///< A duration as typed; empty: it stays.
};

/// How long an answer may take: of what only asks, and of what changes something.
inline constexpr Millis kQuestionLimit{10'000};
inline constexpr Millis kChangeLimit{40'000};
/// Of a question that whoever restarts what is dead asks again and again.
inline constexpr Millis kPingLimit{2000};
/// Of one look among many: who waits for it cannot leave meanwhile.
inline constexpr Millis kLookLimit{5000};
/// Of the last question before the user's own limit: a Teal that is well answers in it, and one
/// that has a millisecond only would be taken for silent.
inline constexpr Millis kMinLimit{1000};

/// One segment of a path, percent-encoded (RFC 3986 section 3.3).
std::string path_segment(std::string_view text);

class Client {
 public:
  Client(const Terminal& terminal, AdminClient admin, bool json)
      : terminal_(terminal), admin_(std::move(admin)), prints_json_(json) {}

  /// Whether a Teal answers there, within kPingLimit.
  int ping();
  int status(const std::string& service, bool watch);
  int deploy(const DeployOptions& options);
  /// Follows the deployment that find_past() finds to its end; the exit code says how it ended.
  int wait(const WaitOptions& options);
  /// `what` is a deployment's id or a service; empty where there is only one service. A service's
  /// rollback takes back what is live where nothing is running.
  /// `force`, of stop and rollback: also what would stay, or stays, as fallback.
  int steer(const std::string& command, const std::string& what, bool force = false);
  int split(const std::string& service, const std::vector<std::string>& shares,
            const std::string& if_match);
  int history(const std::string& service, std::size_t limit);
  /// What the judges of a deployment saw; `what` as find_past() takes it.
  int explain(const std::string& what);
  /// Has the events of a deployment judged again; empty settings: the deployment's own.
  int replay(const std::string& what, const std::string& tolerance, const std::string& confidence);
  int events(bool follow, const std::string& since);
  /// `force`: also where a running deployment has too few targets without it.
  int target(const std::string& method, const std::string& service, const std::string& group,
             const std::string& address, bool force);
  int alarm(const std::string& name, const std::string& state, const std::string& service,
            const std::string& reason, bool all);
  /// The external alarms of a service, or of all.
  int alarms(const std::string& service);
  // ---- app/client/config.cc
  /// Which generation runs.
  int config();
  int config_history();
  /// Where it is to be confirmed, until it is: kRolledBack where nobody did.
  int reload(const ReloadOptions& options);
  /// `to` 0: the one before.
  int rollback_config(std::uint64_t to, bool confirm_access);
  int confirm_config();

 private:
  /// The answer where it is a success; nothing, after saying why, where it is not: failure_ is the
  /// exit code then. Takes no longer than until end_by_.
  std::optional<std::string> call(std::string_view method, const std::string& path,
                                  const std::string& body = {},
                                  const AdminClient::Headers& headers = {});
  /// The answer to a GET as a JSON object; nothing, after saying why, where it is none.
  std::optional<boost::json::object> fetch(const std::string& path);
  /// All of them, whatever the number of pages.
  std::optional<boost::json::object> fetch_services();
  int show(const std::string& path,
           const std::function<std::string(const boost::json::object&)>& render);
  int report_reload(const std::optional<std::string>& answer);
  int await_confirmation(double generation, Millis within);
  int report_service(const std::optional<std::string>& answer);
  std::optional<std::string> frame(const std::string& service, const std::string& answer);
  ViewStyle style(std::size_t timeline_entries) const;
  /// The service of that name; the only one where the name is empty.
  std::optional<boost::json::object> find_service(const std::string& name);
  std::optional<std::string> find_deployment(const std::string& what, bool force);
  /// The id of the deployment of that id; of a service's newest, running or ended; or of the newest
  /// of a revision. Rollbacks are part of what they take back.
  std::optional<std::string> find_past(const std::string& what);
  /// The newest deployment of a service, of a revision where one is given; empty where there is
  /// none, nothing after a failure.
  std::optional<std::string> newest_of(const std::string& service, const std::string& revision);
  int fail(const std::string& message, int code = kError);
  /// From now on, for all calls together; 0: each has its own limit only.
  void end_within(Millis timeout);
  /// Nobody answered; `changes`: what was asked for may have been done all the same.
  int unreachable(const Error& why, bool changes);
  /// Says what the API minds.
  int report_problem(const AdminAnswer& answer);

  const Terminal& terminal_;
  AdminClient admin_;
  bool prints_json_;
  int failure_ = kError;        ///< Of the last call that failed.
  std::optional<Mono> end_by_;  ///< Where the user has set a time limit of all.
};

}  // namespace teal::app
