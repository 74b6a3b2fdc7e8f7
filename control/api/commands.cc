// The handlers of the control API that change something.
#include <utility>

#include <boost/json.hpp>

#include "base/parse_number.h"
#include "control/api/api.h"
#include "control/api/call.h"
#include "control/api/guard.h"
#include "control/api/problem.h"
#include "control/report_json/report_json.h"

namespace teal::control {
namespace {

constexpr std::size_t kMaxKeyLength = 255;

bool is_idempotency_key(std::string_view key) {
  if (key.empty() || key.size() > kMaxKeyLength) return false;
  for (const char c : key)
    if (c < 0x21 || c > 0x7e) return false;
  return true;
}

std::optional<Command> parse_command(std::string_view name) {
  if (name == "continue") return Command::proceed;
  if (name == "pause") return Command::pause;
  if (name == "promote") return Command::promote;
  if (name == "stop") return Command::stop;
  if (name == "rollback") return Command::rollback;
  return std::nullopt;
}

ApiResponse deployment_response(int status, const DeploymentReport& report, WallTime now) {
  ApiResponse response = json_response(status, to_json(report, now));
  response.headers.emplace_back("Location", "/v1/deployments/" + report.id);
  return response;
}

/// What If-Match asks for. `error` where no version can match it.
struct Precondition {
  std::optional<std::uint64_t> version;
  std::optional<ApiError> error;
};

Precondition read_if_match(const std::string& header, std::uint64_t present) {
  const auto tags = parse_if_match(header);
  if (!tags) return {};
  std::optional<std::uint64_t> any;
  for (const std::string& tag : *tags) {
    const auto version = parse_whole<std::uint64_t>(tag);
    if (version && (!any || *version == present)) any = version;
  }
  if (any) return {any, std::nullopt};
  return {std::nullopt, ApiError{412, "version-mismatch", "The service has changed",
                                 "If-Match says " + header + ", the version is \"" +
                                     std::to_string(present) + '"',
                                 "read the service again and send its ETag"}};
}

ApiError body_of_command(bool takes_force) {
  return {400, "unexpected-body", "The request's body is not valid",
          takes_force ? "stop and rollback take `force` and nothing else"
                      : "the command takes no parameters",
          takes_force ? R"(leave the body out, or send {"force": true})" : "leave the body out"};
}

/// {"force": true}; false where there is no body, nothing where it says something else.
std::optional<bool> read_force(const std::string& body) {
  if (is_empty_body(body)) return false;
  boost::json::error_code failed;
  const boost::json::value value = boost::json::parse(body, failed);
  const boost::json::object* const object = failed ? nullptr : value.if_object();
  const boost::json::value* const force =
      object == nullptr ? nullptr : object->if_contains("force");
  if (force == nullptr || !force->is_bool() || object->size() != 1) return std::nullopt;
  return force->get_bool();
}

}  // namespace

bool is_empty_body(const std::string& body) {
  if (body.empty()) return true;
  boost::json::error_code failed;
  const boost::json::value value = boost::json::parse(body, failed);
  return !failed && value.is_object() && value.get_object().empty();
}

ApiError no_such_group(const std::string& name) {
  return {404, "no-such-group", "There is no such group",
          "'" + name + "' is not a group of a service", "the groups are: blue, green"};
}

void AdminApi::start_deployment(const ApiCall& call, const Reply& reply) {
  const std::string& service = call.names[0];
  if (!knows_service(service, reply)) return;
  const std::string key = call.request.idempotency_key.value_or("");
  if (call.request.idempotency_key && !is_idempotency_key(key))
    return reply(to_response({400, "invalid-idempotency-key", "The Idempotency-Key is not valid",
                              "a key has 1 to 255 visible ASCII characters",
                              "send a fresh random key, such as a UUID"}));
  const auto request =
      config::parse_deployment_request(call.request.body, *commands_.deploy_defaults(service));
  if (!request) return reply(bad_body(request.error()));
  const ApiResult<DeploymentReport> answer =
      commands_.deploy(service, *request, key, service + "\n" + call.request.body);
  reply(answer ? deployment_response(201, *answer, clock_.wall()) : to_response(answer.error()));
}

void AdminApi::steer_deployment(const ApiCall& call, const Reply& reply) {
  const std::optional<Command> command = parse_command(call.names[1]);
  if (!command)
    return reply(to_response({404, "no-such-command", "There is no such command",
                              "'" + call.names[1] + "' is not a command",
                              "the commands are: continue, pause, promote, stop, rollback"}));
  const bool takes_force = *command == Command::stop || *command == Command::rollback;
  const std::optional<bool> force = read_force(call.request.body);
  if (!force || (*force && !takes_force)) return reply(to_response(body_of_command(takes_force)));
  commands_.command(call.names[0], *command, answer_with_deployment(reply), *force);
}

void AdminApi::rollback_service(const ApiCall& call, const Reply& reply) {
  if (!knows_service(call.names[0], reply)) return;
  const std::optional<bool> force = read_force(call.request.body);
  if (!force) return reply(to_response(body_of_command(true)));
  commands_.rollback(call.names[0], answer_with_deployment(reply), *force);
}

Done<DeploymentReport> AdminApi::answer_with_deployment(const Reply& reply) const {
  return [reply, clock = &clock_](const ApiResult<DeploymentReport>& answer) {
    reply(answer ? deployment_response(200, *answer, clock->wall()) : to_response(answer.error()));
  };
}

void AdminApi::put_split(const ApiCall& call, const Reply& reply) {
  const std::string& service = call.names[0];
  if (!knows_service(service, reply)) return;
  const auto split = config::parse_split_request(call.request.body);
  if (!split) return reply(bad_body(split.error()));
  Precondition condition;
  if (call.request.if_match) {
    const ApiResult<ServiceReport> present = commands_.service(service);
    if (!present) return reply(to_response(present.error()));
    condition = read_if_match(*call.request.if_match, present->version);
    if (condition.error) return reply(to_response(*condition.error));
  }
  commands_.set_split(
      service, *split, condition.version, [this, reply](const ApiResult<ServiceReport>& answer) {
        reply(answer ? service_response(200, *answer) : to_response(answer.error()));
      });
}

std::optional<AdminApi::NamedTarget> AdminApi::named_target(const ApiCall& call,
                                                            const Reply& reply) const {
  if (!knows_service(call.names[0], reply)) return std::nullopt;
  const std::optional<Colour> colour = parse_colour(call.names[1]);
  if (!colour) {
    reply(to_response(no_such_group(call.names[1])));
    return std::nullopt;
  }
  const Result<Address> address = parse_target_address(call.names[2]);
  if (!address) {
    reply(to_response({400, "invalid-address", "The target's address is not valid",
                       address.error().message(),
                       "end the path with the target's address, such as 10.0.0.1:8080"}));
    return std::nullopt;
  }
  return NamedTarget{*colour, *address};
}

void AdminApi::put_target(const ApiCall& call, const Reply& reply) {
  const auto target = named_target(call, reply);
  if (!target) return;
  if (!is_empty_body(call.request.body))
    return reply(to_response({400, "unexpected-body", "The request has a body",
                              "a target is its address and nothing else", "leave the body out"}));
  const auto answer = commands_.put_target(call.names[0], target->colour, target->address);
  reply(answer ? service_response(200, *answer) : to_response(answer.error()));
}

void AdminApi::delete_target(const ApiCall& call, const Reply& reply) {
  const auto target = named_target(call, reply);
  if (!target) return;
  const std::string force = call.query.empty() ? "false" : call.query.front().second;
  if (force != "true" && force != "false")
    return reply(
        to_response({400, "invalid-parameter", "The force is not valid",
                     "'" + force + "' is not a force", "write force=true or leave it out"}));
  // Accepted, not done: it leaves when the workers have let go of it.
  const auto answer =
      commands_.delete_target(call.names[0], target->colour, target->address, force == "true");
  reply(answer ? service_response(202, *answer) : to_response(answer.error()));
}

}  // namespace teal::control
