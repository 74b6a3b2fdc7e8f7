// Configuration text to validated structs. Reports every problem at once, each with file, line,
// column, key and remedy. This is also how the control API reads a deployment request: YAML and
// JSON become one tree (config/document.h), so one reader and one set of messages serve both.
//
// Cold path, any thread, no state. yaml-cpp and its exceptions stay inside.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "config/config.h"
#include "config/variables.h"

namespace teal::config {

struct Problem {
  std::string file;
  int line = 0;         ///< From 1; 0 where there is no place.
  int column = 0;       ///< From 1.
  std::string key;      ///< The path of the offending key: "services.shop.health.interval".
  std::string message;  ///< What is wrong and what is allowed.
  std::string hint;     ///< The remedy or the nearest known key; may be empty.
};

/// "teal.yaml:12:5: services.shop.helth: unknown key; did you mean 'health'?"
std::string to_string(const Problem& problem);

struct Problems {
  std::vector<Problem> list;
};
[[noreturn]] void throw_exception_from_error(const Problems& problems,
                                             const boost::source_location& where);

/// Everything or every reason why not.
template <class T>
using Loaded = boost::system::result<T, Problems>;

/// "-" is standard input (base/file.h: read_given_file). `variables`: what `${NAME}` stands for.
/// `warnings` gets what works and is hardly meant (config/advise.h); nothing where the text has
/// problems.
Loaded<Config> load_file(const std::string& path, const Variables& variables = {},
                         std::vector<Problem>* warnings = nullptr);
/// `name` stands for the file in problems.
Loaded<Config> load_text(std::string_view text, const std::string& name,
                         const Variables& variables = {}, std::vector<Problem>* warnings = nullptr);

/// The body of POST /v1/services/{s}/deployments: revision and targets, and what overrides the
/// service's `deploy` section (same keys, same grammar; alarms by name, where null removes one).
struct DeploymentRequest {
  std::string revision;
  /// Empty: the service's file gives the idle group's targets, or it is an error later.
  std::vector<Address> targets;
  Deploy deploy;  ///< The service's own with the overrides applied.
  /// The request says `"targets": []`, which is not the same as saying nothing.
  bool lists_no_targets = false;
};

Loaded<DeploymentRequest> parse_deployment_request(std::string_view json, const Deploy& defaults);

/// The body of PUT /v1/services/{s}/split: {"green": "12.5%"}, one or both colours.
Loaded<Split> parse_split_request(std::string_view json);

}  // namespace teal::config
