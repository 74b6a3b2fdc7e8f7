// What a reload does about each key: the one table of it, by patterns of paths in which `*` stands
// for one name. What no line is for is live.
//
// Pure, any thread.
#pragma once

#include <string_view>

#include "config/change/diff.h"

namespace teal::config {

/// For a person: "from the next deployment on".
std::string_view in_words(Effect effect);

}  // namespace teal::config
