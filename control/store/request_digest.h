// What the store keeps of a request that came with an Idempotency-Key (KeyRow::digest): enough to
// tell its repetition from another request under the same key.
//
// Pure. A digest says how it was made: "sha256:" and 64 hexadecimal digits, or, without a colon,
// the own hash of Teals before this one, whose keys live on for a day after the update.
#pragma once

#include <string>
#include <string_view>

namespace teal::control {

/// To be stored.
std::string request_digest(std::string_view request);

/// Whether `stored`, made by this Teal or an older one, is of this request.
bool is_digest_of(std::string_view stored, std::string_view request);

}  // namespace teal::control
