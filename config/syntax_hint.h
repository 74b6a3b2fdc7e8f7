// A remedy for what YAML itself explains worst: tabs, conditions, stars and variables without
// quotes, and lines that begin in no column of the lines around them.
//
// Pure, cold path.
#pragma once

#include <string>
#include <string_view>

namespace teal::config {

/// For the line `number`, from 0, of a text that is not YAML. Empty where there is nothing to say.
std::string syntax_hint(std::string_view text, int number);

}  // namespace teal::config
