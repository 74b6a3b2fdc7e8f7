// Hints on keys: where one belongs that stands at the wrong level, and how a section is written of
// which only the main value is there.
//
// Pure, cold path: asked for problems only.
#pragma once

#include <string>
#include <string_view>

namespace teal::config {

struct Node;

/// "keep_old" under the pattern "services.*": "it belongs under services.NAME.deploy". Empty where
/// no section has such a key.
std::string where_it_belongs(std::string_view pattern, std::string_view key);

/// What stands where a section of that pattern should: "write { address: 0.0.0.0:80 }".
std::string whole_form(std::string_view pattern, const Node& node);

/// Every key that a configuration can have, as patterns, one a line; for the test that holds them
/// against the documented example.
std::string all_keys();

}  // namespace teal::config
