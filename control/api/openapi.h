// The OpenAPI 3.1 document of the control API: control/api/openapi.json, embedded at build time.
#pragma once

#include <string_view>

namespace teal::control {

std::string_view openapi_document();

}  // namespace teal::control
