#include "app/files/password_reloader.h"

#include <algorithm>
#include <utility>

#include "app/system/file_state.h"

namespace teal::app {

PasswordReloader::PasswordReloader(const config::Config& config, const Clock& clock, Log& log)
    : clock_(clock), log_(log) {
  for (const config::Service& service : config.services) {
    add(service.actions);
    for (const config::Route& route : service.routes) add(route.actions);
  }
}

void PasswordReloader::add(const config::RouteActions& actions) {
  if (!actions.basic_auth) return;
  const config::FileName& name = actions.basic_auth->file;
  const auto is_known = [&](const File& file) { return file.name.path == name.path; };
  if (std::ranges::none_of(files_, is_known)) files_.push_back({name, {}, {}});
}

net::FileFaults PasswordReloader::load() {
  net::FileFaults faults;
  for (File& file : files_) {
    file.loaded = file.seen = file_state(file.name.path);
    if (auto made = net::PasswordFile::load(file.name, faults))
      table_[file.name.path] = std::move(made);
  }
  look_at_ = clock_.mono() + kLook;
  return faults;
}

void PasswordReloader::succeed(const PasswordReloader& before) {
  reloads_ = before.reloads_;
  failures_ = before.failures_;
  for (const File& file : files_) {
    const auto is_same = [&](const File& former) {
      return former.name.path == file.name.path && former.loaded == file.loaded;
    };
    const auto known = before.table_.find(file.name.path);
    if (known != before.table_.end() && std::ranges::any_of(before.files_, is_same))
      table_[file.name.path] = known->second;
  }
}

bool PasswordReloader::tick() {
  if (files_.empty() || clock_.mono() < look_at_) return false;
  look_at_ = clock_.mono() + kLook;
  bool changed = false;
  for (File& file : files_) {
    // Two looks with the same result: whoever writes it is done.
    const std::string before = std::exchange(file.seen, file_state(file.name.path));
    if (file.seen != file.loaded && file.seen == before) changed = reload(file) || changed;
  }
  return changed;
}

bool PasswordReloader::reload(File& file) {
  file.loaded = file.seen;
  net::FileFaults faults;
  auto made = net::PasswordFile::load(file.name, faults);
  ++(made ? reloads_ : failures_);
  if (!made) {
    log_.error("a new file of users is refused, the old one stays in use",
               {{"file", file.name.path}, {"reason", faults.back().message}});
    return false;
  }
  log_.info("file of users reloaded",
            {{"file", file.name.path}, {"users", std::to_string(made->users())}});
  for (const net::FileFault& each : faults)
    log_.warning("a file of users needs attention",
                 {{"file", file.name.path}, {"reason", each.message}});
  table_[file.name.path] = std::move(made);
  return true;
}

std::vector<MetricSample> PasswordReloader::samples() const {
  std::vector<MetricSample> samples;
  if (files_.empty()) return samples;
  for (const auto& [result, count] :
       {std::pair<std::string, std::uint64_t>{"taken", reloads_}, {"refused", failures_}})
    samples.push_back({.name = "teal_password_file_reloads_total",
                       .help = "Times that changed files of users were read, by result.",
                       .type = MetricSample::Type::counter,
                       .labels = {{"result", result}},
                       .value = static_cast<double>(count)});
  return samples;
}

}  // namespace teal::app
