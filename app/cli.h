// The command line: one CLI11 application whose subcommands are registered by whoever implements
// them. A subcommand that was chosen leaves its Action; it runs once the whole line is parsed.
//
// One thread. Reads no configuration file and opens no socket itself.
#pragma once

#include <functional>

#include "app/client/terminal.h"

namespace CLI {
class App;
}

namespace teal::app {

/// What the chosen subcommand does; gives the exit code (app/client/exit_code.h).
using Action = std::function<int()>;

/// With the process's own terminal and environment.
int run_cli(int argc, char** argv);
int run_cli(int argc, const char* const* argv, const Terminal& terminal);

/// Everything that talks to a running Teal: status, deploy, split...
/// Requires: `terminal` and `action` outlive the parsing and the action.
void add_client_commands(CLI::App& app, const Terminal& terminal, Action& action);

/// What keeps the store of a Teal, whether it runs or not: state.
/// Requires: `terminal` and `action` outlive the parsing and the action, and the client commands,
/// whose --admin and --output it takes, are there.
void add_state_commands(CLI::App& app, const Terminal& terminal, Action& action);

/// What tells of the command line itself: completion, and its model for the man pages.
/// Requires: `app`, `terminal` and `action` outlive the parsing and the action.
void add_manual_commands(CLI::App& app, const Terminal& terminal, Action& action);

/// Everything that is a Teal, or looks at its configuration: serve, check, demo.
/// Requires: `terminal` and `action` outlive the parsing and the action.
void add_server_commands(CLI::App& app, const Terminal& terminal, Action& action);

}  // namespace teal::app
