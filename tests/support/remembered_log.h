// RememberedLog: the operator's log as lines of text, for tests that look at what was said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace teal {

class RememberedLog final : public Log {
 public:
  void write(Level /*level*/, std::string_view message,
             std::initializer_list<LogField> fields) override {
    std::string line(message);
    for (const auto& [key, value] : fields) line += ' ' + std::string(key) + '=' + value;
    lines.push_back(line);
  }
  std::vector<std::string> lines;
};

}  // namespace teal
