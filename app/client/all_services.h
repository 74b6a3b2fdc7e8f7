// All services of a Teal, whose API tells them a page at a time.
#pragma once

#include <functional>
#include <string>

#include "app/client/admin_client.h"
#include "base/result.h"

namespace teal::app {

/// Asks for a path with GET.
using Ask = std::function<Result<AdminAnswer>(const std::string& path)>;

/// The answer of GET /v1/services with the services of all pages; of a page that is refused or
/// comes to nothing, that one's.
Result<AdminAnswer> ask_for_all_services(const Ask& ask);

}  // namespace teal::app
