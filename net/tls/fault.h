// FileFault: what is wrong with a file that the configuration names, and where it names it. app/
// makes it a problem of the configuration (teal check) or a line in the log (a reload).
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace teal::net {

struct FileFault {
  config::FileName file;
  std::string message;  ///< "does not belong to the certificate in shop.crt".
  std::string hint;     ///< The remedy; may be empty.
  bool fatal = true;    ///< False: it works, and somebody should look at it.
};
using FileFaults = std::vector<FileFault>;

bool has_fatal(const FileFaults& faults);

}  // namespace teal::net
