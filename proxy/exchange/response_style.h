// How the head of a response is written to its client, as the parts of an exchange know it.
#pragma once

#include "proxy/group/serving_group.h"
#include "proxy/headers/rewrite.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/request/request.h"
#include "proxy/request/response_state.h"

namespace teal::proxy {

/// It refers to what it is made of.
inline ResponseStyle response_style(const WorkerLoop& loop, const Request& request,
                                    const ResponseState& response, const ServingGroup& serving) {
  ResponseStyle style;
  style.client_is_http10 = request.info.is_http10;
  style.framing = response.framing;
  // A response that comes before its request is whole leaves body bytes on the way that must not be
  // taken for the next request (CVE-2025-4366 was that).
  style.close = !request.info.keep_alive || !request.is_whole || loop.ends_connections() ||
                response.framing.kind == net::Framing::Kind::until_close;
  style.set_cookie = serving.drawn().set_cookie;
  style.shield = serving.shielded().header;
  style.request_id = request.ids.id();
  style.date = loop.date();
  return style;
}

}  // namespace teal::proxy
