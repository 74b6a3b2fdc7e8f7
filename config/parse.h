// The parsers of the sections: a Value in, a struct filled as far as it is right, the rest in the
// report. One .cc per section; which keys a section has is said there and nowhere else.
//
// Cold path. What concerns several sections at once is config/validate.h's.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/reader.h"

namespace teal::config {

Config parse_config(const Value& root);
Listener parse_listener(const std::string& name, const Value& value);
Service parse_service(const std::string& name, const Value& value);

/// Overwrites what `keys` has of a `deploy` section.
void parse_deploy(Mapping& keys, Deploy& deploy);
/// The list of steps or the name of a preset.
void parse_plan(const Value& value, Plan& plan);
std::vector<Alarm> parse_alarms(const Value& value);
/// The keys of a comparison; false where there is none.
bool parse_compare(Mapping& keys, Alarm& alarm);

// Values that more than one section has.
std::vector<Address> parse_targets(const Value& value);
std::optional<std::string> parse_revision(const Value& value);
/// An absolute path without blanks.
std::optional<std::string> parse_url_path(const Value& value);
/// A host name or address, lower case, without a port.
std::optional<std::string> parse_host(const Value& value);
/// The same with or without a port: what a Host header may say.
std::optional<std::string> parse_authority(const Value& value);
/// RFC 9110 section 5.6.2.
bool is_token(std::string_view text);

/// "1.5", without sign or exponent; reports nothing.
std::optional<double> parse_number(const Value& value);
/// "0.5%" as a fraction; reports nothing.
std::optional<double> parse_share(const Value& value);

/// `> 1%` and the like; the unit decides what a limit is.
enum class LimitUnit { percent, milliseconds, per_second };
std::optional<Threshold> parse_threshold(const Value& value, LimitUnit unit);

}  // namespace teal::config
