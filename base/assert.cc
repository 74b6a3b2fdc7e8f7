#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace teal {

void assertion_failed(std::string_view expression, const char* file, unsigned line) {
  std::fprintf(stderr, "teal: assertion failed: %.*s at %s:%u\n",
               static_cast<int>(expression.size()), expression.data(), file, line);
  std::abort();
}

}  // namespace teal
