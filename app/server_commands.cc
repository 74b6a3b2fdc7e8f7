// The subcommands that do not talk to a running Teal but are one, or prepare for one.
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "app/cli.h"
#include "app/client/exit_code.h"
#include "app/demo/demo.h"
#include "app/demo/shop.h"
#include "app/environment.h"
#include "app/files/watched_files.h"
#include "app/serve/server.h"
#include "app/system/allocator.h"
#include "app/system/file_places.h"
#include "app/system/operator_log.h"
#include "app/system/systemd.h"
#include "base/clock.h"
#include "base/printable.h"
#include "config/load.h"
#include "control/json/text.h"
#include "health/judge/outlook.h"

namespace teal::app {
namespace {

namespace json = boost::json;

void print(std::ostream& out, const config::Problems& problems) {
  for (const config::Problem& problem : problems.list)
    out << printable(config::to_string(problem)) << '\n';
  out << problems.list.size() << (problems.list.size() == 1 ? " problem" : " problems") << '\n';
}

void warn(std::ostream& out, const std::vector<config::Problem>& problems) {
  for (const config::Problem& problem : problems)
    out << "warning: " << printable(config::to_string(problem)) << '\n';
}

/// What is wrong with a configuration and its files, and what is hardly meant.
struct Findings {
  config::Problems problems;
  std::vector<config::Problem> warnings;
  void warn(const std::vector<config::Problem>& more) {
    warnings.insert(warnings.end(), more.begin(), more.end());
  }
};

/// The files that the configuration names; the problems are those that keep Teal from serving.
void check_files(const std::string& path, const std::shared_ptr<const config::Config>& config,
                 Log& log, Findings& findings) {
  const SystemClock clock;
  net::FileFaults faults;
  WatchedFiles::load(config, clock, log, faults);
  findings.warn(to_problems(faults, path, false));
  findings.problems.list = to_problems(faults, path, true);
}

/// What the alarms of each service ask of its traffic, hardest first of each.
struct ServiceNeed {
  std::string service;
  health::Need need;
};
std::vector<ServiceNeed> evidence_needs(const config::Config& config) {
  std::vector<ServiceNeed> needs;
  for (const config::Service& service : config.services)
    for (health::Need& need : health::needs_of(service.deploy))
      needs.push_back({service.name, std::move(need)});
  return needs;
}

/// Those that ask for more than most services have.
void warn_of_needs(const config::Config& config, const std::string& file, Findings& findings) {
  for (const config::Service& service : config.services)
    for (const std::string& text :
         health::shortages(health::needs_of(service.deploy), std::nullopt))
      findings.warnings.push_back(
          {file, 0, 0, "services." + service.name + ".deploy.alarms", text,
           "ask for fewer minimum_requests, a longer over, or a greater share in that step"});
}

json::array to_json(const std::vector<ServiceNeed>& needs) {
  json::array list;
  for (const auto& [service, need] : needs)
    list.push_back(json::object{{"service", json::string(service)},
                                {"alarm", json::string(need.alarm)},
                                {"weight", json::string(to_string(need.weight))},
                                {"requests_per_second", need.requests_per_second()}});
  return list;
}

json::array to_json(const std::vector<config::Problem>& problems) {
  json::array list;
  for (const config::Problem& problem : problems) {
    json::object one;
    one["file"] = json::string(problem.file);
    one["line"] = problem.line > 0 ? json::value(problem.line) : json::value(nullptr);
    one["column"] = problem.column > 0 ? json::value(problem.column) : json::value(nullptr);
    one["key"] = json::string(problem.key);
    one["message"] = json::string(problem.message);
    one["hint"] = json::string(problem.hint);
    list.push_back(std::move(one));
  }
  return list;
}

int serve(const Terminal& terminal, const std::string& path, bool quiet) {
  set_allocator_thresholds();
  ConfigSource source{path, environment(), nullptr, ""};
  config::Loaded<config::Candidate> loaded = config::read_candidate_given(path, source.variables);
  if (!loaded) {
    print(terminal.err, loaded.error());
    return kError;
  }
  const std::unique_ptr<Log> log = make_operator_log(quiet);
  source.meaning = meaning_of(*loaded);
  source.text = std::make_shared<const std::string>(std::move(loaded->text));
  const auto config = std::make_shared<const config::Config>(std::move(loaded->config));
  loaded = config::Problems{};  // Its trees are large.
  Findings findings;
  check_files(path, config, *log, findings);
  warn(terminal.err, findings.warnings);
  if (!findings.problems.list.empty()) print(terminal.err, findings.problems);
  if (!findings.problems.list.empty()) return kError;
  Server server(config, *log, Systemd(SystemdEnvironment::read()), std::move(source));
  if (const Result<void> started = server.start(); !started) {
    log->error("teal cannot start", {{"reason", started.error().message()}});
    return kError;
  }
  return server.run();
}

int check(const Terminal& terminal, const std::string& path, bool as_json) {
  Findings findings;
  const config::Loaded<config::Config> loaded =
      config::load_file(path, environment(), &findings.warnings);
  if (loaded) {
    const std::unique_ptr<Log> log = make_operator_log(true);
    check_files(path, std::make_shared<const config::Config>(*loaded), *log, findings);
  } else {
    findings.problems = loaded.error();
  }
  const bool good = findings.problems.list.empty();
  const std::string file = path == "-" ? "stdin" : path;
  if (good) findings.warn(look_at_places(*loaded, file));
  if (good) warn_of_needs(*loaded, file, findings);
  const std::vector<ServiceNeed> needs =
      good ? evidence_needs(*loaded) : std::vector<ServiceNeed>{};
  if (as_json) {
    const json::object report{{"good", good},
                              {"problems", to_json(findings.problems.list)},
                              {"warnings", to_json(findings.warnings)},
                              {"evidence", to_json(needs)}};
    terminal.out << printable_json(control::to_text(report)) << '\n';
    return good ? kSuccess : kError;
  }
  warn(terminal.err, findings.warnings);
  if (!good) print(terminal.err, findings.problems);
  if (!good) return kError;
  terminal.out << printable(path) << " is good: " << loaded->listeners.size() << " listeners, "
               << loaded->services.size() << " services\n";
  for (const std::string& line : describe_places(*loaded)) terminal.out << printable(line) << '\n';
  for (const auto& [service, need] : needs)
    terminal.out << printable(service + ": alarm " + need.alarm + " needs " + describe(need))
                 << '\n';
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
    command->fallthrough();  // --output
    command->callback([&, path] {
      action = [&, path] {
        const bool as_json =
            app.count("--output") > 0 && app["--output"]->as<std::string>() == "json";
        return check(terminal, *path, as_json);
      };
    });
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
