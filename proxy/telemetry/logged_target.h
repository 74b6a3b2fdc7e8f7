// What the access log tells of a request's target and of a Referer: all of it, nothing behind the
// path, or everything but the values of parameters whose names say that they are secret
// (`access_log.query`).
//
// Pure. With `full`, the default, the text is given back as it is and nothing is copied.
#pragma once

#include <string_view>

#include "base/byte_buffer.h"
#include "config/config.h"

namespace teal::proxy {

/// The text itself, or a view of `room`, whose content is replaced.
std::string_view logged_target(std::string_view target, config::AccessLog::Query query,
                               ByteBuffer& room);

/// Whether a parameter of this name is kept out of logs: its letters, percent-decoded and in lower
/// case, contain "token" or another telling word, or one of its words is "key", "code" or the like:
/// "X-Amz-Signature", "api%5Fkey", "accessToken", "user[password]", but not "author" or "monkeys".
bool is_secret_name(std::string_view name);

}  // namespace teal::proxy
