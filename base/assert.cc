#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace teal {

void assertion_failed(std::string_view expression, const std::source_location& where) {
  std::fprintf(stderr, "teal: assertion failed: %.*s at %s:%u in %s\n",
               static_cast<int>(expression.size()), expression.data(), where.file_name(),
               where.line(), where.function_name());
  std::abort();
}

}  // namespace teal
