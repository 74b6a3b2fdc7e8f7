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
/// The `tls` section of a listener and of the admin address, and that of a service.
ListenerTls parse_listener_tls(const Value& value);
TargetTls parse_target_tls(const Value& value);
/// The value of Strict-Transport-Security.
std::string parse_hsts(const Value& value);
std::optional<HttpsRedirect> parse_redirect(const Value& value);

/// `allow` and `deny`, each overwriting what is there.
void parse_addresses(Mapping& keys, AddressRules& rules);
std::optional<BasicAuth> parse_basic_auth(const Value& value);
std::optional<ForwardAuth> parse_forward_auth(const Value& value);
/// What a client says of what Teal says itself goes to no target: `request_headers` removes it.
/// Requires: the actions are read.
void keep_for_teal(RouteActions& actions);

/// What keeps requests from failing: outlier, slow_start, panic, retry, shield.
void parse_resilience(Mapping& keys, Service& service);

/// Requires: the groups are read.
void parse_discover(const Value& value, Service& service);
void parse_discovery(const Value& value, Discovery& discovery);

/// One match or a list of them.
std::vector<Match> parse_matches(const Value& value);
/// How a listener understands paths.
PathRules parse_path_rules(const Value& value);
/// What a service and its routes may say of their requests, each overwriting what is there.
void parse_actions(Mapping& keys, RouteActions& actions);
void parse_body_limit(Mapping& keys, RouteActions& actions);
/// Requires: what the routes inherit of the service is read.
void parse_routes(Mapping& keys, Service& service);

std::vector<ErrorPage> parse_error_pages(const Value& value);
std::optional<Compression> parse_compression(const Value& value);
/// "200" or "200-399".
std::optional<StatusRange> parse_statuses(const Value& value);
/// The path of a file, and where it is named.
std::optional<FileName> parse_file(const Value& value);

/// Overwrites what `keys` has of a `deploy` section. Of a request: its alarms are merged by name.
void parse_deploy(Mapping& keys, Deploy& deploy, bool is_request = false);
/// The list of steps or the name of a preset.
void parse_plan(const Value& value, Plan& plan);
std::vector<Alarm> parse_alarms(const Value& value);
/// The keys of a comparison; false where there is none.
bool parse_compare(Mapping& keys, Alarm& alarm);
/// What the alarm counts as errors, where its condition is on those. Requires: that was read.
void parse_meaning(Mapping& keys, Alarm& alarm);
/// The alarms of a service, `value` and others, have no more paths than a request is compared with.
void check_paths(const Value& value, const std::vector<Alarm>& alarms);
/// `true`, or which alerts concern it and how they are taken.
ExternalAlarm parse_external(const Value& value);

// Values that more than one section has.
std::vector<Address> parse_targets(const Value& value);
std::optional<std::string> parse_revision(const Value& value);
/// An absolute path without blanks.
std::optional<std::string> parse_url_path(const Value& value);
/// One that the paths of requests are held against: without a query and parameters.
std::optional<std::string> parse_match_path(const Value& value);
/// A host name or address, lower case, without a port.
std::optional<std::string> parse_host(const Value& value);
/// A host name or address, lower case, with or without a port: what a Host header may say.
std::optional<std::string> parse_authority(const Value& value);
/// A header's name in lower case; a header's value.
std::optional<std::string> parse_header_name(const Value& value);
std::optional<std::string> parse_header_value(const Value& value);
/// A list of at most `most` names of headers that may be set in requests.
std::vector<std::string> parse_set_names(const Value& value, std::size_t most);
/// RFC 9110 section 5.6.2.
bool is_token(std::string_view text);

/// "1.5", without sign or exponent; reports nothing.
std::optional<double> parse_number(const Value& value);
/// A number as parse_number() reads it, with at most six digits behind the point: "1.5", "100".
std::string decimal_text(double number);
/// "0.5%" as a fraction; reports nothing.
std::optional<double> parse_share(const Value& value);

/// `> 1%` and the like; the unit decides what a limit is.
enum class LimitUnit { percent, milliseconds, per_second };
std::optional<Threshold> parse_threshold(const Value& value, LimitUnit unit);

}  // namespace teal::config
