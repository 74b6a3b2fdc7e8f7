// The subcommands that talk to a running Teal, as CLI11 sees them.
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "app/cli.h"
#include "app/client/client.h"
#include "app/client/exit_code.h"
#include "base/parse_number.h"
#include "base/printable.h"

namespace teal::app {
namespace {

constexpr const char* kWhich =
    "A deployment's id; a service, for its newest; or a revision, for the newest of it; may be "
    "left out with a single service";

/// What the user chose, filled in by CLI11. Shared by the callbacks of all subcommands; only one of
/// them runs.
struct Choices {
  std::string admin, output = "table";
  std::string tolerance, confidence;
  std::string service, what, group, address, name, state, reason, if_match, since = "0";
  std::string timeout = "0";
  std::vector<std::string> shares;
  std::size_t limit = 20;
  bool watch = false, follow = false, force = false, all = false;
  std::string confirm_within;
  std::uint64_t if_generation = 0, to_generation = 0;
  bool dry_run = false, confirm_access = false;
  DeployOptions deploy;
};
using SharedChoices = std::shared_ptr<Choices>;
using Run = std::function<int(Client&, Choices&)>;

/// Registers one subcommand. `run` gets a client of the chosen address.
CLI::App* add(CLI::App& app, const char* name, const char* help, const Terminal& terminal,
              Action& action, const SharedChoices& choices, Run run) {
  CLI::App* command = app.add_subcommand(name, help);
  command->fallthrough();
  command->callback([&terminal, &action, choices, run = std::move(run)] {
    action = [&terminal, choices, run]() -> int {
      const Result<Address> address = parse_address(choices->admin);
      if (!address) {
        terminal.err << "teal: --admin: " << printable(address.error().message()) << '\n';
        return kUsage;
      }
      Client client(terminal, AdminClient(*address), choices->output == "json");
      return run(client, *choices);
    };
  });
  return command;
}

class Registrar {
 public:
  Registrar(CLI::App& app, const Terminal& terminal, Action& action, SharedChoices choices)
      : app_(app), terminal_(terminal), action_(action), choices_(std::move(choices)) {}

  void add_reports() {
    CLI::App* status =
        command("status", "Groups, split, rates and the running deployment.",
                [](Client& client, Choices& c) { return client.status(c.service, c.watch); });
    status->add_option("SERVICE", choices_->service, "Only this service");
    status->add_flag("--watch", choices_->watch,
                     "Redraw every second until Ctrl-C, also over a restart of Teal");

    command("ping", "Say whether Teal answers.",
            [](Client& client, Choices&) { return client.ping(); });

    CLI::App* history =
        command("history", "The deployments of a service, newest first.",
                [](Client& client, Choices& c) { return client.history(c.service, c.limit); });
    history->add_option("SERVICE", choices_->service, "The service")->required();
    history->add_option("--limit", choices_->limit, "How many")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();

    CLI::App* explain = command("explain", "What the judges of a deployment saw.",
                                [](Client& client, Choices& c) { return client.explain(c.what); });
    explain->add_option("WHAT", choices_->what, kWhich);

    CLI::App* replay =
        command("replay", "A deployment's events judged again: what would have happened and when.",
                [](Client& client, Choices& c) {
                  return client.replay(c.what, c.tolerance, c.confidence);
                });
    replay->add_option("WHAT", choices_->what, kWhich);
    replay->add_option("--tolerance", choices_->tolerance, "Worse by this factor is still well")
        ->check(CLI::Range(1.0, 100.0));
    replay->add_option("--confidence", choices_->confidence, "Of a rollback: 0.999")
        ->check(CLI::Range(0.9, 0.99999));

    CLI::App* events =
        command("events", "What has happened; with --follow also what happens.",
                [](Client& client, Choices& c) { return client.events(c.follow, c.since); });
    events->add_flag("--follow", choices_->follow,
                     "Go on until Ctrl-C, also over a restart of Teal");
    events
        ->add_option("--since", choices_->since, "Only events after this id; 0: all that are kept")
        ->capture_default_str();
  }

  void add_deploy() {
    DeployOptions& deploy = choices_->deploy;
    CLI::App* command_ = command("deploy", "Deploy a revision.", [](Client& client, Choices& c) {
      const Result<Millis> timeout = parse_duration(c.timeout);
      if (timeout) c.deploy.timeout = *timeout;
      return client.deploy(c.deploy);
    });
    command_->add_option("SERVICE", deploy.service, "The service")->required();
    command_->add_option("--revision", deploy.revision, "The release's label")->required();
    command_->add_option(
        "--target", deploy.targets,
        "Where it runs, IP:PORT; several times or several values. Without: what is found of the "
        "revision, else where the file has the idle group, unless an older release is known to "
        "run there");
    CLI::Option* plan = command_->add_option("--plan", deploy.plan,
                                             "A preset: AllAtOnce, Canary10Percent5Minutes, "
                                             "Linear10PercentEvery1Minute, CodeDeployDefault.*...");
    command_->add_option("--plan-file", deploy.plan_file, "A JSON list of steps")
        ->type_name("FILE")
        ->excludes(plan);
    command_->add_option(
        "--alarm", deploy.alarms,
        "NAME=METRIC > LIMIT [over DURATION] [minimum REQUESTS], besides the "
        "file's or instead of the one of that name; NAME=none: without it; several "
        "times");
    command_
        ->add_option("--alarms-at-start", deploy.alarms_at_start,
                     "An outside alarm that fires already: ignore it, or let it block the start")
        ->check(CLI::IsMember({"ignore", "block"}));
    command_->add_option("--idempotency-key", deploy.idempotency_key,
                         "Repeating the command with the same key deploys once");
    command_->add_flag("--wait", deploy.wait,
                       "Show progress to the end, that of the watch included; the exit "
                       "code says how it ended");
    command_->add_option("--timeout", choices_->timeout, "Of --wait; 0 is as long as it takes")
        ->check(is_duration())
        ->capture_default_str();
    CLI::App* wait = command("wait", "Show the progress of a deployment to its end.",
                             [](Client& client, Choices& c) {
                               const Result<Millis> timeout = parse_duration(c.timeout);
                               return client.wait({c.what, timeout ? *timeout : Millis{0}});
                             });
    wait->add_option("WHAT", choices_->what, kWhich);
    wait->add_option("--timeout", choices_->timeout, "0 is as long as it takes")
        ->check(is_duration())
        ->capture_default_str();
  }

  void add_steering() {
    const std::pair<const char*, const char*> kCommands[] = {
        {"continue", "Go on past a gate, a pause or missing evidence; end a watch."},
        {"pause", "Stay at the present weight."},
        {"promote", "Everything to the release now."},
        {"stop", "Give the deployment up."},
        {"rollback",
         "Everything back to the old revision, whatever the deployment does; of a service where "
         "none is running, what is live."}};
    for (const auto& [name, help] : kCommands) {
      const std::string word = name;
      CLI::App* one = command(name, help, [word](Client& client, Choices& c) {
        return client.steer(word, c.what, c.force);
      });
      one->add_option("WHAT", choices_->what,
                      "A deployment's id, or a service for its running deployment; may be left "
                      "out with a single service");
      if (word == "stop" || word == "rollback")
        one->add_flag("--force", choices_->force,
                      "Also retire a release that stays, or would stay, as fallback because no "
                      "target of the live group is healthy");
    }
    CLI::App* split = command("split", "Shift by hand.", [](Client& client, Choices& c) {
      return client.split(c.service, c.shares, c.if_match);
    });
    split->add_option("SERVICE", choices_->service, "The service")->required();
    split->add_option("SHARES", choices_->shares, "green=12.5%, blue=...")->required();
    split
        ->add_option("--if-match", choices_->if_match,
                     "Only if the service's version is still this one")
        ->check(CLI::TypeValidator<std::uint64_t>("NUMBER"));
  }

  void add_targets_and_alarms() {
    CLI::App* target = app_.add_subcommand("target", "Add or drain one target of a group.");
    target->require_subcommand(1)->fallthrough();
    const std::tuple<const char*, const char*, const char*> kMethods[] = {
        {"add", "PUT", "Add a target, or take a draining one back."},
        {"drain", "DELETE", "No new requests to it; the running ones finish."}};
    for (const auto& [name, method, help] : kMethods) {
      const std::string word = method;
      CLI::App* one = add(*target, name, help, terminal_, action_, choices_,
                          [word](Client& client, Choices& c) {
                            return client.target(word, c.service, c.group, c.address, c.force);
                          });
      one->add_option("SERVICE", choices_->service, "The service")->required();
      one->add_option("GROUP", choices_->group, "The group")
          ->required()
          ->check(CLI::IsMember({"blue", "green"}));
      one->add_option("ADDR", choices_->address, "IP:PORT, [IPv6]:PORT or unix:/PATH")
          ->required()
          ->check(is_address());
      if (word == "DELETE")
        one->add_flag("--force", choices_->force,
                      "Also where a running deployment then has too few: count its minimum anew; "
                      "or nobody to go back to");
    }
    CLI::App* alarm = command("alarm", "Say that an outside alarm fires or is resolved.",
                              [](Client& client, Choices& c) {
                                return client.alarm(c.name, c.state, c.service, c.reason, c.all);
                              });
    alarm->add_option("NAME", choices_->name, "The alarm's name")->required();
    alarm->add_option("STATE", choices_->state, "firing or resolved")
        ->required()
        ->check(CLI::IsMember({"firing", "resolved"}));
    alarm->add_option("--service", choices_->service, "Only for this service")
        ->type_name("SERVICE");
    alarm->add_option("--reason", choices_->reason, "Why, for a person");
    alarm->add_flag("--all", choices_->all,
                    "With resolved: end all of its episodes, Alertmanager's too");
    CLI::App* alarms =
        command("alarms", "The outside alarms: which fire, since when, and which are ignored.",
                [](Client& client, Choices& c) { return client.alarms(c.service); });
    alarms->add_option("SERVICE", choices_->service, "Only this service");
  }

  void add_configuration() {
    CLI::App* reload = command("reload", "Go over to the configuration file as it is now.",
                               [](Client& client, Choices& c) {
                                 ReloadOptions options{c.dry_run, std::nullopt, c.confirm_within};
                                 if (c.if_generation > 0) options.if_generation = c.if_generation;
                                 return client.reload(options);
                               });
    reload->add_flag("--dry-run", choices_->dry_run, "Say what would change, and change nothing");
    reload
        ->add_option("--if-generation", choices_->if_generation,
                     "Only if Teal runs on this generation still")
        ->check(is_generation());
    reload
        ->add_option("--confirm-within", choices_->confirm_within,
                     "Wait so long for `teal config confirm`; the generation before comes back "
                     "where nobody says so, and the exit code is 3 then")
        ->check(is_duration());

    CLI::App* config = app_.add_subcommand("config", "The configuration that Teal runs on.");
    config->require_subcommand(1)->fallthrough();
    const auto add_one = [&](const char* name, const char* help, Run run) {
      return add(*config, name, help, terminal_, action_, choices_, std::move(run));
    };
    add_one("show", "Which generation runs, since when, and how the last reload went.",
            [](Client& client, Choices&) { return client.config(); });
    add_one("history", "The last ten generations.",
            [](Client& client, Choices&) { return client.config_history(); });
    add_one("confirm", "What was loaded with --confirm-within stays.",
            [](Client& client, Choices&) { return client.confirm_config(); });
    CLI::App* back =
        add_one("rollback", "Go back to an earlier generation.", [](Client& client, Choices& c) {
          return client.rollback_config(c.to_generation, c.confirm_access);
        });
    back->add_option("GENERATION", choices_->to_generation, "Which one; left out: the one before")
        ->check(is_generation());
    back->add_flag("--confirm-access", choices_->confirm_access,
                   "Also where it changes who may come in");
  }

 private:
  static CLI::Validator is_duration() {
    return CLI::Validator(
        [](std::string& text) {
          const Result<Millis> duration = parse_duration(text);
          return duration ? std::string() : duration.error().message();
        },
        "DURATION");
  }

  static CLI::Validator is_generation() {
    return CLI::Validator(
        [](std::string& text) {
          const auto number = parse_whole<std::uint64_t>(text);
          return number && *number > 0 ? std::string() : "generations are 1, 2, 3...";
        },
        "GENERATION");
  }

  static CLI::Validator is_address() {
    return CLI::Validator(
        [](std::string& text) {
          const Result<Address> address = parse_address(text);
          return address ? std::string() : address.error().message();
        },
        "ADDRESS");
  }

  CLI::App* command(const char* name, const char* help, Run run) {
    return add(app_, name, help, terminal_, action_, choices_, std::move(run));
  }

  CLI::App& app_;
  const Terminal& terminal_;
  Action& action_;
  SharedChoices choices_;
};

}  // namespace

void add_client_commands(CLI::App& app, const Terminal& terminal, Action& action) {
  const auto choices = std::make_shared<Choices>();
  choices->admin = terminal.admin;
  app.add_option("--admin", choices->admin,
                 "The control API's address, IP:PORT or unix:/PATH (environment: TEAL_ADMIN)")
      ->capture_default_str();
  app.add_option("--output", choices->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  Registrar registrar(app, terminal, action, choices);
  registrar.add_reports();
  registrar.add_deploy();
  registrar.add_steering();
  registrar.add_targets_and_alarms();
  registrar.add_configuration();
}

}  // namespace teal::app
