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

#include "app/admin_client.h"
#include "app/terminal.h"

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

/// One segment of a path, percent-encoded (RFC 3986 section 3.3).
std::string path_segment(std::string_view text);

class Client {
 public:
  Client(const Terminal& terminal, AdminClient admin, bool json)
      : terminal_(terminal), admin_(std::move(admin)), json_(json) {}

  int status(const std::string& service, bool watch);
  int deploy(const DeployOptions& options);
  /// `what` is a deployment's id or a service; empty where there is only one service. A service's
  /// rollback takes back what is live where nothing is running.
  /// `force`, of stop and rollback: also what would stay, or stays, as fallback.
  int steer(const std::string& command, const std::string& what, bool force = false);
  int split(const std::string& service, const std::vector<std::string>& shares,
            const std::string& if_match);
  int history(const std::string& service, std::size_t limit);
  /// What the judges of a deployment saw.
  int explain(const std::string& id);
  /// The same events judged again; empty: the deployment's own setting.
  int replay(const std::string& id, const std::string& tolerance, const std::string& confidence);
  int events(bool follow, const std::string& since);
  /// `force`: also where a running deployment has too few targets without it.
  int target(const std::string& method, const std::string& service, const std::string& group,
             const std::string& address, bool force);
  int alarm(const std::string& name, const std::string& state, const std::string& service,
            const std::string& reason, bool all);
  /// The external alarms of a service, or of all.
  int alarms(const std::string& service);

 private:
  /// The answer where it is a success; nothing, after saying why, where it is not.
  std::optional<std::string> call(std::string_view method, const std::string& path,
                                  const std::string& body = {},
                                  const AdminClient::Headers& headers = {});
  /// The same, as the JSON object that it is.
  std::optional<boost::json::object> fetch(const std::string& path);
  int show(const std::string& path,
           const std::function<std::string(const boost::json::object&)>& render);
  int report_service(const std::optional<std::string>& answer);
  std::optional<std::string> frame(const std::string& service);
  /// The service of that name; the only one where the name is empty.
  std::optional<boost::json::object> find_service(const std::string& name);
  std::optional<std::string> find_deployment(const std::string& what, bool force);
  int wait_for(const std::string& id, Millis timeout);
  int fail(const std::string& message);
  /// Says what the API minds.
  int report_problem(const AdminAnswer& answer);

  const Terminal& terminal_;
  AdminClient admin_;
  bool json_;
};

}  // namespace teal::app
