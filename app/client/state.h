// The subcommands that keep the store: `teal state backup`, `check` and `restore`. A running Teal
// is asked for a snapshot by its control API, which names no files; what is written here is written
// by whoever called, as whoever called. A store that nobody runs on is read directly.
//
// One thread; blocks.
#pragma once

#include <optional>
#include <string>

#include "app/client/admin_client.h"
#include "app/client/terminal.h"

namespace teal::control {
struct StoreSummary;
}  // namespace teal::control

namespace teal::app {

/// Whose store it is.
struct StateChoice {
  /// A path, from `--state sqlite:PATH`; empty: none was named.
  std::string state;
  /// What the configuration of `--config` says; nothing: none was named.
  std::optional<std::string> configured;
  Address admin;  ///< Of the Teal that may run.
};

/// The path of "sqlite:PATH", or of a bare path; nothing where it is neither.
std::optional<std::string> path_of_state(const std::string& given);

/// Why a path that a configuration gives is not used: it is relative, to the folder that the
/// service works in and not to that of whoever calls. Empty: it is used.
std::string why_not_used(const std::string& configured);

class StateCommands {
 public:
  StateCommands(const Terminal& terminal, bool json) : terminal_(terminal), prints_json_(json) {}

  /// Of the running Teal; of the file where `choice` names one and no Teal answers. `given`: a new
  /// file, or with `force` one that it replaces.
  int backup(const StateChoice& choice, const std::string& given, bool force);
  /// Of a backup, or of the store of a stopped Teal.
  int check(const std::string& given);
  int restore(const std::string& backup, const std::string& store);

 private:
  int fail(const std::string& message, int code);
  int tell(const control::StoreSummary& summary, const std::string& path);
  int backup_running(const AdminClient& admin, const std::string& to, bool force,
                     std::optional<Error>& unreached);
  int backup_stopped(const std::string& path, const std::string& to, bool force);

  const Terminal& terminal_;
  bool prints_json_;
};

}  // namespace teal::app
