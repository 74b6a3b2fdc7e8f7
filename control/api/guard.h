// What a request to the control API must get right before anybody looks at what it asks: the Host
// it was sent to (a name that is not ours is DNS rebinding), the Origin it comes from (another one
// is a forged request from a browser), the site a browser says it comes from, and the media types
// it sends and accepts. There is no CORS. Also what every answer tells browsers.
//
// Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/api/message.h"
#include "control/reports/reports.h"

namespace teal::control {

/// Host and Origin. On a Unix socket any Host is right: no browser gets there.
std::optional<ApiError> check_sender(const ApiRequest& request,
                                     const std::vector<std::string>& allowed_hosts);

/// 403 unless a browser says (Fetch Metadata, W3C) that the user or a page of our own asks;
/// programs say nothing. A page on another port of the same host is "same-site", and a stranger.
/// What another site may do is lead the user's window to what is `shown` there: that changes
/// nothing.
std::optional<ApiError> check_site(const ApiRequest& request, bool shown);

/// Adds the headers that keep browsers from framing, guessing at, caching or sharing the answer,
/// where it does not have them.
void add_guards(ApiResponse& response);

/// 415 unless a body is application/json. A body that is not there may be untyped.
std::optional<ApiError> check_content_type(const ApiRequest& request);

/// 406 unless the Accept header (RFC 9110 section 12.5.1) leaves room for `media_type`.
std::optional<ApiError> check_accept(const ApiRequest& request, std::string_view media_type);

/// The entity tags of an If-Match header: "7" for `"7"`. Weak ones never match (RFC 9110 section
/// 13.1.1) and are left out. Nothing for `*`.
std::optional<std::vector<std::string>> parse_if_match(std::string_view header);

}  // namespace teal::control
