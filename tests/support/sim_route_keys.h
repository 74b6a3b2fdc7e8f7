// The keys that services and their routes have in common: which requests, and what is done with
// them. How the text of each is made by chance.
//
// Pure given the generator.
#pragma once

#include <cstdint>
#include <string>

#include "tests/support/sim_random_keys.h"

namespace teal::sim {

/// Up to so many that nobody else has; empty: they are taken.
std::string make_matches(KeyContext& context, std::uint32_t most, bool may_be_exact);

std::string make_addresses(KeyContext& context);
std::string make_basic_auth(KeyContext& context);
std::string make_compress(KeyContext& context);
std::string make_forward_auth(KeyContext& context);
/// Buckets are full again within a minute.
std::string make_rate_limit(KeyContext& context);
std::string make_request_headers(KeyContext& context);
std::string make_request_trailers(KeyContext& context);
std::string make_response_headers(KeyContext& context);

/// The mapping of a route; empty: it would have no match.
std::string make_route(KeyContext& context);
/// A match that nobody else has: of a service that has no other.
std::string own_match(const KeyContext& context);

}  // namespace teal::sim
