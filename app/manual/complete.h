// What may stand where somebody types a command line: found in the model alone, or said to be a
// name that only a running Teal, or the file system, knows. Pure.
//
// Does not check the line: what is wrong before the last word is passed over.
#pragma once

#include <string>
#include <vector>

#include "app/manual/command_model.h"

namespace teal::app {

/// One word to choose, whole, and what it means.
struct Candidate {
  std::string word, help;
  bool operator==(const Candidate&) const = default;
};

struct Completion {
  /// Whose names may stand there besides the candidates.
  enum class Names { none, files, services, deployments };

  std::vector<Candidate> candidates;
  Names names = Names::none;
  std::string prefix;  ///< Before each of those names: "--service=".
  std::string typed;   ///< What such a name begins with.
  std::string admin;   ///< What the line gives for --admin; empty: nothing.
};

/// `words` are those behind the program's name; the last one is being typed and may be empty.
Completion complete(const CommandModel& program, const std::vector<std::string>& words);

}  // namespace teal::app
