// The subcommands that tell of the command line itself, as CLI11 sees them.
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "app/cli.h"
#include "app/client/admin_client.h"
#include "app/client/exit_code.h"
#include "app/client/known_names.h"
#include "app/manual/command_model.h"
#include "app/manual/complete.h"
#include "app/manual/completion_script.h"

namespace teal::app {
namespace {

/// Words become lines, and a line of a help has its own end.
void print(std::ostream& out, const std::string& word, const std::string& help) {
  out << word << '\t' << help.substr(0, help.find('\n')) << '\n';
}

/// `admin`: of the Teal to ask, where the words do not name another.
void print_names(const Terminal& terminal, const std::string& admin, const Completion& found) {
  const Result<Address> address = parse_address(found.admin.empty() ? admin : found.admin);
  if (!address) return;
  const AdminClient client(*address, terminal.typing_limit);
  const KnownNames names = ask_for_names(
      [&](const std::string& path) { return ask_for_little(client, path, terminal.typing_limit); });
  const auto print_all = [&](const std::vector<KnownNames::Named>& list) {
    for (const auto& [name, what] : list)
      if (name.starts_with(found.typed)) print(terminal.out, found.prefix + name, what);
  };
  print_all(names.services);
  if (found.names == Completion::Names::deployments) print_all(names.deployments);
}

int print_words(const Terminal& terminal, const CLI::App& app,
                const std::vector<std::string>& words) {
  const Completion found = complete(model_of(app), words);
  for (const auto& [word, help] : found.candidates) print(terminal.out, word, help);
  if (found.names == Completion::Names::files)
    print(terminal.out, std::string(kFiles), "");
  else if (found.names != Completion::Names::none)
    print_names(terminal, app["--admin"]->as<std::string>(), found);
  return kSuccess;
}

}  // namespace

void add_manual_commands(CLI::App& app, const Terminal& terminal, Action& action) {
  {
    CLI::App* command = app.add_subcommand(
        "completion", "Print what a shell has to load to complete Teal's command line.");
    auto shell = std::make_shared<std::string>();
    command->add_option("SHELL", *shell, "The shell")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command->callback([&, shell] {
      action = [&terminal, shell] {
        terminal.out << completion_script(*shell);
        return kSuccess;
      };
    });
  }
  {
    CLI::App* command = app.add_subcommand("complete", "What the last of these words may become.");
    command->group("");  // for the scripts, not listed
    auto words = std::make_shared<std::vector<std::string>>();
    command->add_option("WORDS", *words, "Behind a --, without the program's name");
    command->callback(
        [&, words] { action = [&, words] { return print_words(terminal, app, *words); }; });
  }
  {
    CLI::App* command = app.add_subcommand("command-model", "All commands and options, as JSON.");
    command->group("");  // for packaging/man_pages.py, not listed
    command->callback([&] {
      action = [&] {
        boost::json::object model = to_json(model_of(app));
        model["version"] = boost::json::string(app.version());
        model["footer"] = boost::json::string(app.get_footer());
        terminal.out << boost::json::serialize(model) << '\n';
        return kSuccess;
      };
    });
  }
}

}  // namespace teal::app
