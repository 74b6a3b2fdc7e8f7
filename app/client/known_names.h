// The names that a running Teal knows, for whoever is typing one: found quickly or not at all.
//
// Blocks for as long as the client does. Says nothing where nobody answers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "app/client/all_services.h"

namespace teal::app {

/// Of the answer; ten times what a thousand services of Teal take is none of its.
inline constexpr std::uint64_t kMaxNamesAnswer = std::uint64_t{1024} * 1024;

struct KnownNames {
  using Named = std::pair<std::string, std::string>;  ///< A name, and what it is.
  std::vector<Named> services;
  std::vector<Named> deployments;  ///< The running one of each service, or else its last.
};

/// Of the first page of services, which are a thousand; none where there is no good answer. Who
/// answers may be hostile, and a shell makes words of what it is told: other names than a service
/// or a deployment can have are left out, and beyond a thousand all.
KnownNames ask_for_names(const Ask& ask);

/// GET of a path, for that: an Error where the answer is longer than kMaxNamesAnswer. `limit` for
/// its head, and once more for its body.
Result<AdminAnswer> ask_for_little(const AdminClient& client, const std::string& path,
                                   Millis limit);

}  // namespace teal::app
