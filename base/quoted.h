// Text from outside as messages quote it: short, on one line, between single quotes. One way for
// all of them, so that who hides a text in messages (config/report.h) finds each place where it is.
//
// Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace teal {

/// printable(), and not longer than some 80 bytes.
std::string shortened(std::string_view text);
/// The shortened() text between single quotes.
std::string quoted(std::string_view text);

}  // namespace teal
