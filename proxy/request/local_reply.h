// LocalReply: a response that Teal makes by itself, as a value, and the rules that answer a request
// without asking a target: what its head says, what its route says.
//
// Free functions; what they change is the request as it goes on, counters, and buckets of rate
// limits. Does not send: Exchange::reply() does, with what every reply of Teal's has (ids, error
// pages, a status of gRPC).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/outcome.h"
#include "base/time.h"
#include "config/config.h"
#include "net/http/refusal.h"
#include "proxy/headers/via.h"
#include "proxy/policy/rate_limit.h"
#include "proxy/request/request.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

struct LocalReply {
  /// Of what is not the usual line of text.
  struct Content {
    std::string_view type;  ///< Empty: there is no Content-Type.
    std::string lines;      ///< Further header lines, with CRLF.
    bool is_kept = false;   ///< May be kept in caches.
    bool is_line = false;   ///< The body is a line: its newline is added.
  };

  std::uint16_t status = 200;
  std::string_view text;  ///< Lives as long as the configuration.
  Termination termination = Termination::ok;
  net::Refusal rule = net::Refusal::none;  ///< The rule of HTTP that was broken.
  std::optional<Content> content = {};
  std::string made_text = {};  ///< In place of `text`, where it is not empty.

  std::string_view body() const { return made_text.empty() ? text : std::string_view(made_text); }
};

// ---- replies that are the same for all
LocalReply refused(net::Refusal rule);
/// What the failure of the last attempt is to a client that gets no other answer.
LocalReply failed(Failure failure);
LocalReply overloaded();
/// Teal itself lacks what a connection to a target takes.
LocalReply without_descriptor();
LocalReply body_too_large();

/// What the route answers to whoever may ask. Counts that. Requires: it has a response.
LocalReply respond(const config::RouteActions& actions, Shard& counters);

/// No route matches, or `rule` of HTTP was broken on the way to one. Counts that.
LocalReply without_route(net::Refusal rule, Shard& counters);

/// What its head says of the way that the request has gone and may go: names that other readers
/// take for Teal's own, a Via or Max-Forwards by which the way ends. Takes out and counts down what
/// does not go on. Nothing: it goes on.
std::optional<LocalReply> check_way(Request& request, const config::Listener& listener,
                                    const Hop& hop, Shard& counters);

struct RouteContext {
  const config::RouteActions& actions;
  const config::Listener& listener;  ///< By which the request came.
  RateLimiter* limiter;              ///< Of the actions' rate limit, where they have one.
  Mono now;
  Shard& counters;
  bool is_gated = false;  ///< Its fixed response is for those only who pass the route's gate.
};
/// Addresses, rate limits, redirects, fixed responses, bodies that are known to be too long. Notes
/// what the route wants of the body and of the response. Nothing: a target is asked.
std::optional<LocalReply> answer_by_route(Request& request, const RouteContext& context);

}  // namespace teal::proxy
