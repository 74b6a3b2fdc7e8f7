#include "app/files/certificate_reloader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "app/system/file_places.h"
#include "app/system/file_state.h"
#include "app/system/randomness.h"

namespace teal::app {
namespace {

using proxy::TlsTable;

net::TicketKey draw_key() {
  std::array<std::uint8_t, net::TicketKey::kBytes> random{};
  draw_random(random);
  return net::TicketKey::from(random);
}

/// What tells one version of the files from another.
std::string state_of(const std::vector<std::string>& paths) {
  std::string state;
  for (const std::string& path : paths) state += file_state(path);
  return state;
}

std::vector<std::string> paths_of(const config::ListenerTls& tls) {
  std::vector<std::string> paths;
  for (const config::Certificate& each : tls.certificates)
    for (const config::FileName* file : {&each.chain, &each.key, &each.ocsp, &each.clients.ca})
      if (!file->empty()) paths.push_back(file->path);
  return paths;
}

std::vector<std::string> paths_of(const config::TargetTls& tls) {
  std::vector<std::string> paths;
  for (const config::FileName* file : {&tls.ca, &tls.chain, &tls.key})
    if (!file->empty()) paths.push_back(file->path);
  return paths;
}

std::string in_words(const net::FileFaults& faults) {
  std::string text;
  for (const net::FileFault& each : faults) {
    if (!text.empty()) text += "; ";
    text += each.message;
  }
  return text;
}

}  // namespace

CertificateReloader::CertificateReloader(std::shared_ptr<const config::Config> config,
                                         const Clock& clock, Log& log)
    : config_(std::move(config)), clock_(clock), log_(log) {
  add_units();
}

void CertificateReloader::add_units() {
  for (const config::Listener& listener : config_->listeners)
    if (listener.tls)
      units_.push_back({.of = "listener " + listener.name,
                        .name = listener.name,
                        .listener = &*listener.tls,
                        .paths = paths_of(*listener.tls)});
  for (const config::Service& service : config_->services)
    if (service.tls)
      units_.push_back({.of = "targets of service " + service.name,
                        .name = service.name,
                        .targets = &*service.tls,
                        .paths = paths_of(*service.tls)});
  if (config_->admin.tls)
    units_.push_back({.of = "admin address",
                      .name = {},
                      .listener = &*config_->admin.tls,
                      .paths = paths_of(*config_->admin.tls)});
}

bool CertificateReloader::load(const Unit& unit, net::FileFaults& faults) {
  if (unit.listener != nullptr) return load_listener(unit, faults);
  auto made = net::TlsClient::make(*unit.targets, clock_.wall(), faults);
  if (!made) return false;
  next_.services[unit.name] = std::move(made);
  return true;
}

bool CertificateReloader::load_listener(const Unit& unit, net::FileFaults& faults) {
  if (unit.is_admin()) {
    auto made = net::TlsServer::make("admin", *unit.listener, net::TicketKeys(draw_key()),
                                     clock_.wall(), faults);
    if (!made) return false;
    admin_ = std::move(made);
    return true;
  }
  const auto mine = TlsTable::find(next_.listeners, unit.name);
  const net::TicketKeys keys = mine ? mine->keys() : net::TicketKeys(draw_key());
  auto made = net::TlsServer::make(unit.name, *unit.listener, keys, clock_.wall(), faults);
  if (!made) return false;
  if (!mine) rotate_at_[unit.name] = clock_.mono() + unit.listener->ticket_rotation;
  next_.listeners[unit.name] = std::move(made);
  return true;
}

void CertificateReloader::succeed(CertificateReloader& before) {
  reloads_ = before.reloads_;
  failures_ = before.failures_;
  for (const Unit& unit : units_) {
    const auto former = std::ranges::find(before.units_, unit.of, &Unit::of);
    if (former != before.units_.end()) keep(unit, *former, before);
  }
  table_ = std::make_shared<const proxy::TlsTable>(next_);
}

void CertificateReloader::keep(const Unit& unit, const Unit& before, CertificateReloader& from) {
  const bool has_same_files = unit.loaded == before.loaded;
  if (unit.targets != nullptr) {
    if (has_same_files && *unit.targets == *before.targets)
      next_.services[unit.name] = from.next_.services[unit.name];
    return;
  }
  if (unit.is_admin()) {
    if (has_same_files && *unit.listener == *before.listener) admin_ = from.admin_;
    return;
  }
  const auto& theirs = from.next_.listeners[unit.name];
  auto& mine = next_.listeners[unit.name];
  mine = has_same_files && *unit.listener == *before.listener ? theirs
                                                              : mine->with_keys(theirs->keys());
  rotate_at_[unit.name] = std::min(rotate_at_[unit.name], from.rotate_at_[unit.name]);
}

net::FileFaults CertificateReloader::load() {
  net::FileFaults all;
  for (Unit& unit : units_) {
    unit.loaded = unit.seen = state_of(unit.paths);
    net::FileFaults faults;
    load(unit, faults);
    all.insert(all.end(), faults.begin(), faults.end());
  }
  table_ = std::make_shared<const proxy::TlsTable>(next_);
  look_at_ = clock_.mono() + kLook;
  return all;
}

bool CertificateReloader::reload(Unit& unit) {
  unit.loaded = unit.seen;
  net::FileFaults faults;
  const bool taken = load(unit, faults);
  ++(taken ? reloads_ : failures_);
  if (!taken) {
    log_.error("new certificate files are refused, the old ones stay in use",
               {{"of", unit.of}, {"reason", in_words(faults)}});
    return false;
  }
  log_.info("certificate files reloaded", {{"of", unit.of}});
  if (!faults.empty())
    log_.warning("certificate files need attention",
                 {{"of", unit.of}, {"reason", in_words(faults)}});
  return true;
}

bool CertificateReloader::rotate() {
  bool rotated = false;
  for (const config::Listener& listener : config_->listeners) {
    const auto due = rotate_at_.find(listener.name);
    if (due == rotate_at_.end() || clock_.mono() < due->second) continue;
    due->second = clock_.mono() + listener.tls->ticket_rotation;
    auto& mine = next_.listeners[listener.name];
    mine = mine->with_keys(mine->keys().rotated(draw_key()));
    rotated = true;
  }
  return rotated;
}

bool CertificateReloader::tick() {
  if (units_.empty() || clock_.mono() < look_at_) return false;
  look_at_ = clock_.mono() + kLook;
  bool changed = rotate();
  for (Unit& unit : units_) {
    // Two looks with the same result: whoever writes certificate and key one after the other is
    // done.
    const std::string before = std::exchange(unit.seen, state_of(unit.paths));
    if (unit.seen != unit.loaded && unit.seen == before) changed = reload(unit) || changed;
  }
  if (changed) table_ = std::make_shared<const proxy::TlsTable>(next_);
  return changed;
}

std::vector<MetricSample> CertificateReloader::samples() const {
  std::vector<MetricSample> samples;
  if (units_.empty()) return samples;
  const auto add = [&](const std::string& listener, const net::TlsServer& server) {
    for (const net::CertificateView& each : server.certificates()) {
      const auto seconds =
          std::chrono::duration_cast<std::chrono::seconds>(each.not_after.time_since_epoch());
      samples.push_back({.name = "teal_tls_certificate_expiry_timestamp_seconds",
                         .help = "When a certificate in use expires, in Unix time.",
                         .type = MetricSample::Type::gauge,
                         .labels = {{"listener", listener}, {"certificate", each.path}},
                         .value = static_cast<double>(seconds.count())});
    }
  };
  for (const auto& [name, server] : next_.listeners) add(name, *server);
  if (admin_) add("admin", *admin_);
  for (const auto& [result, count] :
       {std::pair<std::string, std::uint64_t>{"taken", reloads_}, {"refused", failures_}})
    samples.push_back({.name = "teal_tls_reloads_total",
                       .help = "Times that changed certificate files were read, by result.",
                       .type = MetricSample::Type::counter,
                       .labels = {{"result", result}},
                       .value = static_cast<double>(count)});
  return samples;
}

std::vector<config::Problem> to_problems(const net::FileFaults& faults, const std::string& file,
                                         bool fatal) {
  std::vector<config::Problem> problems;
  for (const net::FileFault& each : faults) {
    if (each.fatal != fatal) continue;
    config::Problem& problem = problems.emplace_back(config::Problem{
        file, each.file.line, each.file.column, each.file.key, each.message, each.hint});
    const std::string note = relative_to_what(each.file.path);
    if (note.empty()) continue;
    if (problem.message.starts_with(each.file.path))
      problem.message.replace(0, each.file.path.size(), absolute_path(each.file.path));
    problem.hint += (problem.hint.empty() ? "" : "; ") + note;
  }
  return problems;
}

}  // namespace teal::app
