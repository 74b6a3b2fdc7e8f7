// The handlers of the control API that load configurations and tell of them.
#include <utility>

#include <boost/json.hpp>

#include "config/change/reload_request.h"
#include "control/api/api.h"
#include "control/api/call.h"
#include "control/api/config_json.h"
#include "control/api/problem.h"

namespace teal::control {

/// Null after an answer that there is nobody to ask.
ConfigCommands* AdminApi::configuration(const Reply& reply) const {
  if (dependencies_.configuration == nullptr)
    reply(to_response({503, "not-ready", "The configuration cannot be loaded",
                       "this process loads none", "restart Teal"}));
  return dependencies_.configuration;
}

namespace {

ConfigCommands::Done answer_with(const AdminApi::Reply& reply) {
  return [reply](const boost::system::result<ReloadReport, ReloadRefusal>& answer) {
    reply(answer ? json_response(200, to_json(*answer)) : to_response(answer.error()));
  };
}

}  // namespace

void AdminApi::get_config(const ApiCall& /*call*/, const Reply& reply) {
  if (ConfigCommands* const commands = configuration(reply))
    reply(json_response(200, to_json(commands->report())));
}

void AdminApi::get_config_history(const ApiCall& /*call*/, const Reply& reply) {
  ConfigCommands* const commands = configuration(reply);
  if (commands == nullptr) return;
  boost::json::array generations;
  for (const ConfigRow& row : commands->history()) generations.push_back(to_json(row));
  reply(json_response(200, {{"generations", std::move(generations)}}));
}

void AdminApi::reload_config(const ApiCall& call, const Reply& reply) {
  ConfigCommands* const commands = configuration(reply);
  if (commands == nullptr) return;
  const auto request = config::parse_reload_request(call.request.body);
  if (!request) return reply(bad_body(request.error()));
  commands->reload(*request, answer_with(reply));
}

void AdminApi::rollback_config(const ApiCall& call, const Reply& reply) {
  ConfigCommands* const commands = configuration(reply);
  if (commands == nullptr) return;
  const auto request = config::parse_config_rollback_request(call.request.body);
  if (!request) return reply(bad_body(request.error()));
  commands->rollback(*request, answer_with(reply));
}

void AdminApi::confirm_config(const ApiCall& call, const Reply& reply) {
  ConfigCommands* const commands = configuration(reply);
  if (commands == nullptr) return;
  if (!is_empty_body(call.request.body))
    return reply(to_response({400, "unexpected-body", "The request has a body",
                              "to confirm takes no parameters", "leave the body out"}));
  const ApiResult<ConfigReport> answer = commands->confirm();
  reply(answer ? json_response(200, to_json(*answer)) : to_response(answer.error()));
}

}  // namespace teal::control
