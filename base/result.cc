#include "base/result.h"

#include <ostream>

#include "base/assert.h"

namespace teal {

std::string_view to_string(Source source) {
  switch (source) {
    case Source::downstream: return "downstream";
    case Source::upstream: return "upstream";
    case Source::internal: return "internal";
    case Source::config: return "config";
  }
  return "internal";
}

std::ostream& operator<<(std::ostream& out, const Error& error) {
  return out << error.message();
}

void throw_exception_from_error(const Error& error, const boost::source_location& /*where*/) {
  assertion_failed("value of a failed Result: " + error.message(), __FILE__, __LINE__);
}

}  // namespace teal
