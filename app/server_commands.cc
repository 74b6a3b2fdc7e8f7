// The subcommands that do not talk to a running Teal but are one, or prepare for one.
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/cli.h"
#include "app/demo.h"
#include "app/demo_shop.h"
#include "app/exit_code.h"
#include "app/file_places.h"
#include "app/operator_log.h"
#include "app/server.h"
#include "app/systemd.h"
#include "app/tls_keeper.h"
#include "base/clock.h"
#include "base/printable.h"
#include "config/load.h"
#include "proxy/error_pages.h"

namespace teal::app {
namespace {

void print(std::ostream& out, const config::Problems& problems) {
  for (const config::Problem& problem : problems.list)
    out << printable(config::to_string(problem)) << '\n';
  out << problems.list.size() << (problems.list.size() == 1 ? " problem" : " problems") << '\n';
}

void warn(std::ostream& out, const std::vector<config::Problem>& problems) {
  for (const config::Problem& problem : problems)
    out << "warning: " << printable(config::to_string(problem)) << '\n';
}

/// What `${NAME}` in a configuration stands for.
config::Variables environment() {
  config::Variables variables;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view entry = *each;
    const std::size_t equals = entry.find('=');
    if (equals != std::string_view::npos)
      variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return variables;
}

/// The files that the configuration names: false where Teal could not serve with them.
bool check_files(const Terminal& terminal, const std::string& path,
                 const std::shared_ptr<const config::Config>& config, Log& log) {
  const SystemClock clock;
  net::FileFaults faults = TlsKeeper(config, clock, log).load();
  proxy::ErrorPages::load(*config, faults);
  warn(terminal.err, to_problems(faults, path, false));
  const config::Problems problems{to_problems(faults, path, true)};
  if (!problems.list.empty()) print(terminal.err, problems);
  return problems.list.empty();
}

int serve(const Terminal& terminal, const std::string& path, bool quiet) {
  const config::Loaded<config::Config> loaded = config::load_file(path, environment());
  if (!loaded) {
    print(terminal.err, loaded.error());
    return kError;
  }
  const std::unique_ptr<Log> log = make_operator_log(quiet);
  const auto config = std::make_shared<const config::Config>(*loaded);
  if (!check_files(terminal, path, config, *log)) return kError;
  Server server(config, *log, Systemd(SystemdEnvironment::read()));
  if (const Result<void> started = server.start(); !started) {
    log->error("teal cannot start", {{"reason", started.error().message()}});
    return kError;
  }
  return server.run();
}

int check(const Terminal& terminal, const std::string& path) {
  std::vector<config::Problem> warnings;
  const config::Loaded<config::Config> loaded = config::load_file(path, environment(), &warnings);
  if (!loaded) {
    print(terminal.err, loaded.error());
    return kError;
  }
  warn(terminal.err, warnings);
  const std::unique_ptr<Log> log = make_operator_log(true);
  if (!check_files(terminal, path, std::make_shared<const config::Config>(*loaded), *log))
    return kError;
  warn(terminal.err, look_at_places(*loaded, path == "-" ? "stdin" : path));
  terminal.out << printable(path) << " is good: " << loaded->listeners.size() << " listeners, "
               << loaded->services.size() << " services\n";
  for (const std::string& line : describe_places(*loaded)) terminal.out << printable(line) << '\n';
  return kSuccess;
}

}  // namespace

void add_server_commands(CLI::App& app, const Terminal& terminal, Action& action) {
  {
    CLI::App* command = app.add_subcommand("serve", "Be the front door that a file describes.");
    auto path = std::make_shared<std::string>();
    auto quiet = std::make_shared<bool>(false);
    command->add_option("CONFIG", *path, "The configuration file.")->required();
    command->add_flag("--quiet", *quiet, "Log warnings and errors only.");
    command->callback(
        [&, path, quiet] { action = [&, path, quiet] { return serve(terminal, *path, *quiet); }; });
  }
  {
    CLI::App* command =
        app.add_subcommand("check", "Read a configuration file and report every problem in it.");
    auto path = std::make_shared<std::string>();
    command->add_option("CONFIG", *path, "The configuration file.")->required();
    command->callback([&, path] { action = [&, path] { return check(terminal, *path); }; });
  }
  {
    CLI::App* command = app.add_subcommand(
        "demo",
        "Ship a good release and a broken one through a real Teal on this machine, and watch.");
    auto options = std::make_shared<DemoOptions>();
    command->add_flag("--keep", options->keep, "Leave everything running and say where it is.");
    command->callback(
        [&, options] { action = [&, options] { return run_demo(terminal, *options); }; });
  }
  {
    CLI::App* command = app.add_subcommand("demo-shop", "The application that the demo ships.");
    command->group("");  // for the demo itself, not listed
    auto options = std::make_shared<ShopOptions>();
    auto slow = std::make_shared<std::int64_t>(0);
    command->add_option("--revision", options->revision);
    command->add_option("--fail-percent", options->fail_percent);
    command->add_option("--slow-ms", *slow);
    command->callback([&, options, slow] {
      action = [options, slow] {
        options->slow = Millis{*slow};
        return run_demo_shop(*options);
      };
    });
  }
}

}  // namespace teal::app
