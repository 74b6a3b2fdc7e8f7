#include "control/reports/reports.h"

#include "base/assert.h"

namespace teal::control {

void throw_exception_from_error(const ApiError& error, const boost::source_location& /*where*/) {
  assertion_failed("value of a failed Answer: " + error.detail, __FILE__, __LINE__);
}

}  // namespace teal::control
