// Candidate: a configuration file as it was read, before anybody runs on it: its bytes, what they
// say, and both trees that they make, as written (`${NAME}`) and as meant (what NAME stands for).
// People are shown the first, and whether anything changes is decided on the second.
//
// Cold path, any thread, immutable once made.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"

namespace teal::config {

struct Candidate {
  std::string text;
  Node written;
  Node meant;  ///< Of the same shape as `written`.
  Config config;
  std::vector<Problem> warnings;
};

/// `name` stands for the file in problems.
Loaded<Candidate> read_candidate(std::string text, const std::string& name,
                                 const Variables& variables = {});
/// As load_file(), "-" being standard input.
Loaded<Candidate> read_candidate_given(const std::string& path, const Variables& variables = {});
/// The same; standard input is refused: it cannot be read twice.
Loaded<Candidate> read_candidate_file(const std::string& path, const Variables& variables = {});

/// Two trees say the same, wherever they stand in their texts.
bool is_same(const Node& one, const Node& other);

}  // namespace teal::config
