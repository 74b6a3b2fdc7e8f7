// JSON values as text. Like boost::json::serialize, but numbers read as people write them (0.5, not
// 5E-1) and a string that is not UTF-8 becomes one (RFC 8259 section 8.1), whatever a target or a
// probe put into it; what a terminal would act on is escaped (base/printable.h).
//
// Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

namespace teal::control {

/// On one line, without spaces.
std::string to_text(const boost::json::value& value);

/// The text with every byte that is not part of a UTF-8 sequence replaced by "?".
std::string to_utf8(std::string_view text);

/// The beginning of a UTF-8 text, at most so many bytes and no part of a sequence.
std::string cut_utf8(std::string_view text, std::size_t most);

}  // namespace teal::control
