#include "control/admin/refusals.h"

#include "control/api/problem.h"

namespace teal::control {

ApiResponse timed_out() {
  return to_response({504, "no-answer-in-time", "The command has no confirmed effect yet",
                      "it was accepted, and not every worker has confirmed it in time",
                      "read the service or the deployment to see whether it has come about"});
}

ApiResponse copy_timed_out() {
  return to_response({504, "no-answer-in-time", "The copy is not made yet",
                      "the disk has taken longer than a backup may",
                      "see what else uses that disk, and try again when the copy has ended"});
}

ApiError trailers_refused() {
  return {400, "unexpected-trailers", "The request has trailers",
          "fields behind the body are not taken (RFC 9110 section 6.5.1)",
          "send all fields before the body"};
}

ApiError no_place() {
  return {503, "too-many-connections", "There are too many connections",
          "all connections to the control API are in use, and only probes are answered",
          "try again in a moment"};
}

}  // namespace teal::control
