// The subcommands of `teal state`: which store is meant, and how what was typed reads.
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include <CLI/CLI.hpp>

#include "app/cli.h"
#include "app/client/exit_code.h"
#include "app/client/state.h"
#include "app/environment.h"
#include "base/printable.h"
#include "config/load.h"

namespace teal::app {
namespace {

struct Choices {
  std::string file, to, config, state;
  bool force = false;
};

class Registrar : public std::enable_shared_from_this<Registrar> {
 public:
  Registrar(CLI::App& app, const Terminal& terminal, Action& action)
      : app_(app), terminal_(terminal), action_(action) {}

  void add() {
    CLI::App* state = app_.add_subcommand(
        "state", "Back up, check and restore the store: all that survives a restart.");
    state->require_subcommand(1)->fallthrough();
    add_backup(*state);
    add_check(*state);
    add_restore(*state);
  }

 private:
  void add_backup(CLI::App& state) {
    CLI::App* command = add_one(state, "backup",
                                "Write all of it to a new file, while Teal runs or not. The file "
                                "holds secrets; it is for its owner alone.",
                                [this] { return backup(); });
    command->add_option("--to", choices_->to, "The file to write")->required();
    command->add_flag("--force", choices_->force, "Replace the file if it is there");
    add_store(*command,
              "The configuration of the Teal: its control API is asked, and its store read where "
              "nobody answers there");
  }

  void add_check(CLI::App& state) {
    CLI::App* command = add_one(
        state, "check",
        "Say whether a backup, or the store of a Teal that does not run, is sound, and what "
        "is in it. Exit code 0: this Teal reads all of it, as a start does.",
        [this] { return check(); });
    CLI::Option* file = command->add_option("FILE", choices_->file, "A backup, or a store");
    add_store(*command, "The configuration that names the store");
    file->excludes("--config")->excludes("--state");
  }

  void add_restore(CLI::App& state) {
    CLI::App* command = add_one(state, "restore",
                                "Put a backup in the place of the store, while Teal does not run. "
                                "What was there is kept beside it.",
                                [this] { return restore(); });
    command->add_option("FILE", choices_->file, "The backup")->required();
    add_store(*command, "The configuration that names the store");
  }

  void add_store(CLI::App& command, const char* config_help) {
    CLI::Option* config = command.add_option("--config", choices_->config, config_help);
    command.add_option("--state", choices_->state, "The store itself: sqlite:PATH")
        ->excludes(config);
  }

  CLI::App* add_one(CLI::App& state, const char* name, const char* help, Action run) {
    CLI::App* command = state.add_subcommand(name, help);
    command->fallthrough();
    command->callback([self = shared_from_this(), run = std::move(run)] {
      self->action_ = [self, run] { return run(); };
    });
    return command;
  }

  int usage(const std::string& message) const {
    terminal_.err << "teal: " << printable(message) << '\n';
    return kUsage;
  }

  bool prints_json() const {
    return app_.count("--output") > 0 && app_["--output"]->as<std::string>() == "json";
  }
  StateCommands commands() const { return {terminal_, prints_json()}; }

  /// Nothing after saying why.
  std::optional<config::Config> configuration() const {
    config::Loaded<config::Config> loaded = config::load_file(choices_->config, environment());
    if (loaded) return std::move(*loaded);
    for (const config::Problem& problem : loaded.error().list)
      terminal_.err << printable(config::to_string(problem)) << '\n';
    return std::nullopt;
  }

  /// The path that --state or --config names; empty: neither was given. Nothing after saying why.
  std::optional<std::string> named_store() const {
    if (!choices_->config.empty()) {
      const std::optional<config::Config> config = configuration();
      return config ? std::optional(config->state_path) : std::nullopt;
    }
    if (choices_->state.empty()) return std::string();
    std::optional<std::string> path = path_of_state(choices_->state);
    if (!path) usage("--state: '" + choices_->state + "' is not sqlite:PATH");
    return path;
  }

  /// Of a path that named_store() gave; empty: it is the one that was meant.
  std::string why_not_named(const std::string& store) const {
    return choices_->config.empty() ? std::string() : why_not_used(store);
  }

  int backup() const {
    StateChoice choice;
    std::string admin = app_["--admin"]->as<std::string>();
    if (!choices_->config.empty()) {
      const std::optional<config::Config> config = configuration();
      if (!config) return kError;
      choice.configured = config->state_path;
      if (app_.count("--admin") == 0) admin = to_string(config->admin.address);
    } else if (!choices_->state.empty()) {
      const std::optional<std::string> path = named_store();
      if (!path) return kUsage;
      choice.state = *path;
    }
    const Result<Address> address = parse_address(admin);
    if (!address) return usage("--admin: " + address.error().message());
    choice.admin = *address;
    return commands().backup(choice, choices_->to, choices_->force);
  }

  int check() const {
    const std::optional<std::string> store = named_store();
    if (!store) return choices_->config.empty() ? kUsage : kError;
    if (store->empty() && choices_->file.empty())
      return usage("name a FILE, or the store by --config FILE or --state sqlite:PATH");
    if (const std::string why = why_not_named(*store); !why.empty()) return usage(why);
    return commands().check(store->empty() ? choices_->file : *store);
  }

  int restore() const {
    const std::optional<std::string> store = named_store();
    if (!store) return choices_->config.empty() ? kUsage : kError;
    if (store->empty()) return usage("say where it goes: --config FILE, or --state sqlite:PATH");
    if (const std::string why = why_not_named(*store); !why.empty()) return usage(why);
    return commands().restore(choices_->file, *store);
  }

  CLI::App& app_;
  const Terminal& terminal_;
  Action& action_;
  std::shared_ptr<Choices> choices_ = std::make_shared<Choices>();
};

}  // namespace

void add_state_commands(CLI::App& app, const Terminal& terminal, Action& action) {
  std::make_shared<Registrar>(app, terminal, action)->add();
}

}  // namespace teal::app
