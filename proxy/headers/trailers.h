// Trailer sections: which fields of one may go on, behind a body that has gone already. What may
// not stand there at all (RFC 9110, section 6.5.1), what Connection named, and what the
// configuration edits in the head, would go round all of that here.
//
// Pure. Whether a request's trailers go on at all is the exchange's (exchange/fields.cc).
#pragma once

#include <string_view>

#include "config/route.h"
#include "net/http/message.h"
#include "proxy/headers/hop_by_hop.h"

namespace teal::proxy {

/// RFC 9110, section 6.5.1: framing, routing, request modifiers, authentication and content format
/// may not stand in a trailer section, nor may what this proxy vouches for; by whatever name some
/// applications read it (net/http/field_names.h).
bool is_forbidden_trailer(const net::Field& field, std::string_view name);

/// What may go on: `picked` has the same bytes. `edits` of the head, or null.
void pick_trailers(const net::Fields& trailers, const HeadSurvey& survey,
                   const config::HeaderEdits* edits, net::Fields& picked);

}  // namespace teal::proxy
