// The command line as plain values: its commands, their options and what those take. Read off the
// CLI11 application, which stays the only place where commands are described; man pages and
// completion are made of it.
//
// One thread. Knows nothing of what commands do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

namespace CLI {
class App;
}

namespace teal::app {

/// One option, flag or argument.
struct OptionModel {
  std::vector<std::string> names;  ///< "--wait", "-h"; none of an argument.
  std::string argument;            ///< "SERVICE"; empty where it has a name.
  std::string help;
  std::string value;  ///< What it takes, "FILE" or "DURATION"; empty: a flag.
  std::string default_value;
  std::vector<std::string> choices;  ///< All that it takes; empty: anything.
  bool is_required = false;
  bool repeats = false;

  bool is_named(std::string_view name) const;
};

struct CommandModel {
  std::string name, help;
  std::vector<OptionModel> options;
  std::vector<CommandModel> commands;
  bool takes_options_of_parent = false;

  /// What is found lives as long as this does, so a temporary is not asked.
  const CommandModel* command(std::string_view command_name) const&;
  const CommandModel* command(std::string_view command_name) const&& = delete;
  const OptionModel* option(std::string_view option_name) const&;
  const OptionModel* option(std::string_view option_name) const&& = delete;
};

/// Without what is hidden.
CommandModel model_of(const CLI::App& app);

/// For whoever writes pages of it.
boost::json::object to_json(const CommandModel& command);

}  // namespace teal::app
