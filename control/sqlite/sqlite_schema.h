// The store's schema, version by version (`PRAGMA user_version`). Each Teal opens what any earlier
// one wrote: what a version has more than the one before is a step, and a file takes all the steps
// that it lacks in one transaction. A step, once released, is never changed.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>

namespace teal::control {

/// `PRAGMA application_id` of a store: "TEAL".
inline constexpr std::int64_t kApplicationId = 0x5445414c;
inline constexpr std::int64_t kSchemaVersion = 5;

/// SQL that makes a file of `version` one of kSchemaVersion, as one transaction; 0: an empty file.
/// Requires: version < kSchemaVersion.
std::string migration_from(std::int64_t version);

}  // namespace teal::control
