// The handler of the control API that gives the store away, whole. It is a command and no question:
// what it gives holds secrets, and no page that a browser shows may ask for it.
#include <utility>

#include "control/api/api.h"
#include "control/api/body_source.h"
#include "control/api/call.h"
#include "control/api/problem.h"

namespace teal::control {

void AdminApi::backup_state(const ApiCall& call, const Reply& reply) {
  if (!is_empty_body(call.request.body))
    return reply(to_response({400, "unexpected-body", "The request has a body",
                              "a backup takes no parameters", "leave the body out"}));
  if (!dependencies_.take_snapshot)
    return reply(to_response({503, "not-ready", "The store cannot be backed up",
                              "this process makes no snapshots", "restart Teal"}));
  dependencies_.take_snapshot([reply](ApiResult<std::shared_ptr<BodySource>> snapshot) {
    if (!snapshot) return reply(to_response(snapshot.error()));
    ApiResponse response;
    response.content_type = "application/vnd.sqlite3";
    response.source = *std::move(snapshot);
    reply(std::move(response));
  });
}

}  // namespace teal::control
