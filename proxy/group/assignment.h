// Assignment: which group a request is for, and what was known of that choice beforehand: by the
// listener's word, by the client's sticky cookie, or by lot.
//
// A plain value of one exchange, and a free function that decides it; all that is changed besides
// is what chance is made of (the splitter, the generator) and one counter. Does not know the
// release's exposure, retries or the judge.
#pragma once

#include <cstdint>
#include <string>

#include "base/colour.h"
#include "base/counters.h"
#include "base/rng.h"
#include "base/weight.h"
#include "config/config.h"
#include "proxy/request/request.h"
#include "proxy/routing/service_view.h"
#include "proxy/routing/splitter.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

struct Assignment {
  /// The group that was drawn. The judge's numbers are kept by it, whatever group answers in the
  /// end: blame belongs to the one that was tried first.
  Colour colour = Colour::blue;
  /// The release's chance to be drawn, given the draws before; 0 or 1 where nothing was random (all
  /// or nothing by weight, preview traffic, the other group had no healthy target).
  double release_probability = 0;
  Audience audience = Audience::split;
  Drawn drawn;
  std::uint64_t sticky_client = 0;  ///< 0: not sticky.
  bool is_returning = false;        ///< The client chose which of its cookies it sent.
  std::string set_cookie;           ///< For a client that has no good one; or empty.

  /// Without a part of chance.
  void give_to(Colour group, Colour live) {
    colour = group;
    release_probability = group == live ? 0.0 : 1.0;
  }
};

struct AssignmentContext {
  const ServiceView& service;
  config::GroupChoice choice;  ///< The listener's.
  Splitter& splitter;          ///< Of the service.
  const Request& request;
  Rng& rng;
  Shard& counters;
};

/// So many cookies of a sticky service's name are looked at; the first good one counts.
inline constexpr std::size_t kMaxStickyCookies = 4;

/// The side of the split that the client's cookie leads to; a client without a good one is drawn,
/// and is given one. Requires: the service is sticky.
Drawn draw_sticky(const AssignmentContext& context, Weight release, Assignment& assignment);

/// Part of every request, and so in its caller's code.
[[gnu::always_inline]] inline void assign(const AssignmentContext& context,
                                          Assignment& assignment) {
  const ServiceView& service = context.service;
  assignment.sticky_client = 0;
  assignment.is_returning = false;
  assignment.set_cookie.clear();
  if (context.choice != config::GroupChoice::split) {
    assignment.audience = Audience::preview;
    const bool is_live = context.choice == config::GroupChoice::live;
    assignment.give_to(is_live ? service.live : service.release(), service.live);
    return;
  }
  assignment.audience = Audience::split;
  const Weight release = service.release_weight();
  // The context is copied where somebody else needs it, so that it is nowhere in memory otherwise.
  if (service.sticky) [[unlikely]]
    assignment.drawn = draw_sticky(AssignmentContext(context), release, assignment);
  else
    assignment.drawn = context.splitter.draw(release);
  const Drawn& drawn = assignment.drawn;
  assignment.colour = drawn.release ? service.release() : service.live;
  assignment.release_probability = drawn.release_probability;
  // A group without healthy targets gives its share to the other one, unless that has none of the
  // traffic by the operator's will: the release gets nothing before its time, and afterwards only
  // as a fallback. Chance has no part in that for any request, those included that were drawn for
  // the group which has targets.
  for (const Colour spare : kColours)
    if (!service.groups[other(spare)].available && service.groups[spare].available &&
        (spare == service.live || release > Weight::none() || service.groups[spare].fallback))
      assignment.give_to(spare, service.live);
}

}  // namespace teal::proxy
