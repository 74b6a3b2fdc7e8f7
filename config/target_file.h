// Files of targets in the form of Prometheus' file_sd: a list of entries with `targets` and, among
// their `labels`, perhaps the `revision` that they run. Other labels are for others.
//
// Cold path, any thread, no state: a text in, entries or problems out. Who may have written the
// file is control/sources/'s business.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "config/load.h"

namespace teal::config {

struct TargetFileEntry {
  std::string revision;  ///< Empty: the file does not say.
  std::vector<Address> targets;
  bool operator==(const TargetFileEntry&) const = default;
};

/// `name` ends with .json where the text is JSON; else it is YAML. A text that is not whole is a
/// problem, and so is one without any value: nothing of it is taken.
Loaded<std::vector<TargetFileEntry>> parse_target_file(std::string_view text,
                                                       const std::string& name);

}  // namespace teal::config
