#include "tests/support/e2e_teal.h"

#include <signal.h>

#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>

namespace teal::e2e {
namespace {

std::string indented(const std::string& lines, const std::string& by) {
  std::string out;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) out += by + line + '\n';
  return out;
}

std::string group_text(const std::string& colour, const std::string& revision,
                       const std::vector<std::string>& targets) {
  if (targets.empty()) return {};
  std::string out = "    " + colour + ": { revision: " + revision + ", targets: [ ";
  for (const std::string& target : targets)
    out += (&target == &targets[0] ? "\"" : ", \"") + target + '"';
  return out + " ] }\n";
}

std::string with_dir(std::string text, const std::string& dir) {
  for (std::size_t at = 0; (at = text.find("$DIR", at)) != std::string::npos; at += dir.size())
    text.replace(at, 4, dir);
  return text;
}

}  // namespace

ConfigText shop(std::vector<std::string> blue, std::string more) {
  ServiceText service;
  service.blue = std::move(blue);
  service.more = std::move(more);
  ConfigText config;
  config.services.push_back(std::move(service));
  return config;
}

std::string fast_health() {
  const std::string patient = std::to_string(400 * kPatience) + "ms";
  return "health: { http: /healthz, interval: " + patient +
         ", fast_interval: 20ms, timeout: " + patient + ", rise: 2, fall: 2 }\n";
}

std::string ConfigText::render(const std::string& dir) const {
  std::string out = "admin: { address: \"unix:" + dir + "/admin.sock\" }\n";
  out += "state: \"sqlite:" + dir + "/teal.db\"\n";
  out += "workers: " + std::to_string(workers) + "\n";
  out += "access_log: " + access_log + "\n";
  out += "shutdown_grace: 5s\n";
  out += with_dir(more, dir);
  out += "listeners:\n" + indented(with_dir(listeners, dir), "  ");
  out += "services:\n";
  for (const ServiceText& service : services) {
    out += "  " + service.name + ":\n    match: " + service.match + "\n";
    out += group_text("blue", service.blue_revision, service.blue);
    out += group_text("green", service.green_revision, service.green);
    out += indented(with_dir(service.more, dir), "    ");
  }
  return out;
}

Teal::Teal(const ConfigText& config) : Teal(config.render("$DIR")) {}

Teal::Teal(const std::string& text) : admin_address_("unix:" + (dir_ / "admin.sock")) {
  write_file(config_path(), with_dir(text, dir_.path()));
  admin_ = std::make_unique<Admin>(*parse_address(admin_address_));
  start();
}

Teal::~Teal() {
  if (process_ && !process_->has_ended()) {
    const std::optional<ExitCode> code = stop();
    EXPECT_EQ(code, 0) << "teal did not end cleanly";
  }
  if (::testing::Test::HasFailure())
    std::printf("---- what teal said\n%s----\n", log().substr(0, 20'000).c_str());
}

void Teal::start() {
  write_file(dir_ / "stderr", "");
  write_file(dir_ / "stdout", "");
  process_ =
      std::make_unique<Process>(std::vector<std::string>{teal_binary(), "serve", config_path()},
                                dir_ / "stdout", dir_ / "stderr", dir_.path());
  await_ready();
}

void Teal::await_ready() {
  const bool ready = eventually([this] {
    if (process_->has_ended()) return true;
    try {
      return admin_->get("/readyz").status == 200;
    } catch (const std::runtime_error&) {
      return false;  // Nobody listens yet.
    }
  });
  if (!ready || process_->has_ended())
    throw std::runtime_error("teal did not become ready:\n" + log());
  find_listeners();
}

void Teal::rewrite(const std::string& text) const {
  write_file(config_path(), with_dir(text, dir_.path()));
}

ApiAnswer Teal::reload(const std::string& more) {
  ApiAnswer answer = admin_->post("/v1/config/reload", more);
  find_listeners();
  return answer;
}

void Teal::find_listeners() {
  listeners_.clear();
  // "... listening listener=public address=127.0.0.1:41234"
  std::istringstream lines(log());
  for (std::string line; std::getline(lines, line);) {
    const std::size_t name = line.find(" listening listener=");
    const std::size_t at = line.find(" address=", name);
    if (name == std::string::npos || at == std::string::npos) continue;
    if (const Result<Address> address = parse_address(line.substr(at + 9)))
      listeners_.insert_or_assign(line.substr(name + 20, at - name - 20), *address);
  }
}

Address Teal::listener(const std::string& name) const {
  const auto found = listeners_.find(name);
  if (found == listeners_.end())
    throw std::runtime_error("teal did not say where listener " + name + " is:\n" + log());
  return found->second;
}

std::optional<ExitCode> Teal::stop(Deadline deadline) {
  process_->signal(SIGTERM);
  return process_->wait(deadline);
}

void Teal::kill9() {
  process_->signal(SIGKILL);
  process_->wait();
}

long Teal::resident_kilobytes() const {
  const std::string status = read_file("/proc/" + std::to_string(id()) + "/status");
  const std::size_t at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::stol(status.substr(at + 6));
}

Finished Teal::cli(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), teal_binary());
  arguments.insert(arguments.end(), {"--admin", admin_address_});
  return run(arguments);
}

Finished serve_refused(const std::string& text, const TempDir& dir) {
  write_file(dir / "teal.yaml", with_dir(text, dir.path()));
  return run({teal_binary(), "serve", dir / "teal.yaml"});
}

}  // namespace teal::e2e
