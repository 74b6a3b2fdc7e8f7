#include "app/cli.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/client/exit_code.h"
#include "base/printable.h"
#include "config/nearest.h"
#include "control/metrics/build_info.h"

namespace teal::app {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 success; 1 error; 2 wrong usage; 3 the deployment was rolled back;\n"
    "4 the deployment was stopped or has failed without a rollback, or its release stays as\n"
    "fallback because the old one serves nobody; 5 timed out waiting, the deployment goes on;\n"
    "6 no answer from Teal: what became of the deployment or the command is unknown.\n"
    "Within: 10 s for what asks, 40 s for what changes something; 10 minutes for the copy of a\n"
    "backup, and as many for its bytes; --wait and --follow: as long as it takes, or --timeout,\n"
    "whatever the other side does.";

std::string version_text() {
  const control::BuildInfo build = control::build_info();
  return "teal " + std::string(build.version) + " (" + std::string(build.revision) + ", " +
         std::string(build.compiler) + ")";
}

/// Waits for the time to pass or for Ctrl-C, without a handler: the signal is blocked and asked
/// for, so the screen is put in order by whoever draws on it. It stays blocked between two pauses,
/// where a frame is fetched and drawn.
bool pause_or_signal(Millis duration) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  timespec time{};
  time.tv_sec = duration.count() / 1000;
  time.tv_nsec = duration.count() % 1000 * 1'000'000;
  return sigtimedwait(&signals, nullptr, &time) <= 0;
}

void unblock_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

int columns_of(int fd) {
  winsize size{};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
}

/// What was typed where a command is expected and is none; empty: something else is wrong.
std::string unknown_command(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  std::vector<std::string> names;
  for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty()) names.push_back(command->get_name());
  if (names.empty()) return {};
  for (const std::string& left : app.remaining(true)) {
    if (left.starts_with('-')) continue;
    const std::string hint = config::did_you_mean(left, names);
    const std::string path = at == &app ? "teal" : "teal " + at->get_name();
    std::string text = "'" + left + "' is not a command; ";
    if (!hint.empty()) text.append(hint).append("; ");
    return printable(text.append("`").append(path).append(" --help` lists them"));
  }
  return {};
}

int parse_and_run(int argc, const char* const* argv, const Terminal& terminal) {
  CLI::App app("Teal: a front door that ships releases.", "teal");
  app.set_version_flag("--version", version_text());
  app.footer(kExitCodes);
  app.require_subcommand(1);
  Action action;
  add_server_commands(app, terminal, action);
  add_client_commands(app, terminal, action);
  add_state_commands(app, terminal, action);
  add_manual_commands(app, terminal, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    if (const std::string unknown = unknown_command(app);
        wrong.get_exit_code() != 0 && !unknown.empty()) {
      terminal.err << "teal: " << unknown << '\n';
      return kUsage;
    }
    // Asking for help or the version is no mistake.
    return app.exit(wrong, terminal.out, terminal.err) == 0 ? kSuccess : kUsage;
  }
  if (!action) return kUsage;
  try {
    return action();
  } catch (const std::system_error& failed) {
    terminal.err << "teal: cannot start a thread: " << failed.code().message()
                 << "; raise the limit of threads (ulimit -u, TasksMax) or of memory\n";
    return kError;
  }
}

/// What nobody could read is no success, whatever was done. A failure says more by its own code.
int with_output(int code, const Terminal& terminal) {
  errno = 0;
  terminal.out.flush();
  if (terminal.out) return code;
  terminal.err << "teal: the output cannot be written";
  if (errno != 0) terminal.err << ": " << std::strerror(errno);
  terminal.err << "; a command that changes something has done so all the same\n";
  return code == kSuccess ? kError : code;
}

}  // namespace

int run_cli(int argc, const char* const* argv, const Terminal& terminal) {
  return with_output(parse_and_run(argc, argv, terminal), terminal);
}

int run_cli(int argc, char** argv) {
  const bool is_tty = isatty(STDOUT_FILENO) == 1;
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const admin = std::getenv("TEAL_ADMIN");
  Terminal terminal{std::cout, std::cerr, is_tty, false, 100, "127.0.0.1:9900", pause_or_signal};
  terminal.unblock = unblock_signals;
  terminal.colour = is_tty && (no_color == nullptr || *no_color == '\0');
  if (is_tty) terminal.columns = columns_of(STDOUT_FILENO);
  if (admin != nullptr && *admin != '\0') terminal.admin = admin;
  return run_cli(argc, argv, terminal);
}

}  // namespace teal::app
