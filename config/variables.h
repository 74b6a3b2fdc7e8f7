// Variables in a configuration: `${NAME}` in a value stands for what the variable NAME says, and
// `${NAME:-text}` for `text`, which is plain, where NAME is not set or empty. `$${` is a literal
// `${`. Keys have no variables, and what a variable says is never read as YAML: it is text in one
// value.
//
// Cold path, pure: the variables come from whoever loads (app/ gives the environment's).
#pragma once

#include <functional>
#include <map>
#include <string>

#include "config/document.h"

namespace teal::config {

class Report;

using Variables = std::map<std::string, std::string, std::less<>>;

/// Replaces them in every value of the tree. The report gets each one that is not set, at its
/// place, and from then on shows their names in the place of what they say.
void expand_variables(Node& root, const Variables& variables, Report& report);

}  // namespace teal::config
