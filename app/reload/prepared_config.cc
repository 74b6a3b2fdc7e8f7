#include "app/reload/prepared_config.h"

#include <algorithm>
#include <utility>

#include "control/configuration/config_history.h"

namespace teal::app {
namespace {

using control::ReloadRefusal;
using control::ReloadResult;

ReloadRefusal refused(ReloadResult result, int status, std::string type, std::string detail,
                      std::string remedy) {
  ReloadRefusal refusal;
  refusal.result = result;
  refusal.error = control::not_loaded(
      status, std::move(type), std::move(detail) + "; nothing was changed", std::move(remedy));
  return refusal;
}

ReloadRefusal invalid(std::vector<config::Problem> problems) {
  ReloadRefusal refusal =
      refused(ReloadResult::invalid, 422, "invalid-configuration",
              std::to_string(problems.size()) + (problems.size() == 1 ? " problem" : " problems") +
                  ": " + (problems.empty() ? "" : config::to_string(problems.front())),
              "correct what `problems` lists; `teal check FILE` finds the same");
  refusal.problems = std::move(problems);
  return refusal;
}

ReloadRefusal needs_restart(const std::vector<config::Change>& changes) {
  std::string keys;
  for (const config::Change& each : changes)
    if (each.effect == config::Effect::needs_restart)
      keys += (keys.empty() ? "" : ", ") + each.path;
  ReloadRefusal refusal =
      refused(ReloadResult::refused, 422, "needs-restart", "a running Teal cannot change " + keys,
              "put them back and reload, or restart Teal to go over to all of the file");
  refusal.changes = changes;
  return refusal;
}

/// One text for one meaning: keys and values with their lengths, so that none reads as another.
void append_canonical(std::string& out, const config::Node& node) {
  const auto append = [&](std::string_view text) {
    out += std::to_string(text.size()) + ':';
    out += text;
  };
  out += static_cast<char>('a' + static_cast<int>(node.kind));
  append(node.text);
  out += '{';
  for (const config::Entry& entry : node.entries) {
    append(entry.key);
    append_canonical(out, entry.value);
  }
  out += '}';
  for (const config::Node& item : node.items) append_canonical(out, item);
  out += ';';
}

config::Loaded<config::Candidate> read(const Preparation& of) {
  if (of.text) return config::read_candidate(*of.text, of.name, of.source.variables);
  return config::read_candidate_file(of.source.path, of.source.variables);
}

/// Of what runs: it was good once, and the variables are this process's.
std::vector<config::Change> compare(const Preparation& of, const config::Candidate& next) {
  if (*of.source.text == next.text) return {};
  const auto running = config::read_candidate(*of.source.text, of.source.path, of.source.variables);
  if (running) return config::diff(*running, next);
  return {{.path = "services", .note = "what runs cannot be read again to compare it"}};
}

/// False: some are no good; `problems` has all of them then.
bool load_files(const Preparation& of, PreparedConfig& prepared,
                std::vector<config::Problem>& problems) {
  const std::string name = of.text ? of.name : of.source.path;
  net::FileFaults faults;
  prepared.files = WatchedFiles::load(prepared.config, *of.clock, *of.log, faults);
  for (config::Problem& each : to_problems(faults, name, false))
    prepared.warnings.push_back(std::move(each));
  problems = to_problems(faults, name, true);
  return problems.empty();
}

}  // namespace

bool PreparedConfig::changes_access() const {
  return std::ranges::any_of(changes, &config::Change::is_access);
}

std::string meaning_of(const config::Candidate& candidate) {
  std::string canonical;
  append_canonical(canonical, candidate.meant);
  return control::config_digest(canonical);
}

/// A secret of few words in it could be guessed by who reads the bare digest.
std::string mark_of(const std::string& meaning, const std::string& store_id) {
  return control::config_digest(store_id + '\n' + meaning);
}

boost::system::result<PreparedConfig, ReloadRefusal> prepare(const Preparation& of) {
  config::Loaded<config::Candidate> read_in = read(of);
  if (!read_in) return invalid(read_in.error().list);
  config::Candidate candidate = *std::move(read_in);
  PreparedConfig prepared;
  prepared.changes = compare(of, candidate);
  prepared.meaning = meaning_of(candidate);
  prepared.digest = control::config_digest(candidate.text);
  prepared.warnings = std::move(candidate.warnings);
  if (of.text) {
    const auto file = config::read_candidate_file(of.source.path, of.source.variables);
    prepared.is_of_file = file && config::is_same(file->meant, candidate.meant);
  }
  const auto is_fixed = [](const config::Change& change) {
    return change.effect == config::Effect::needs_restart;
  };
  if (std::ranges::any_of(prepared.changes, is_fixed)) return needs_restart(prepared.changes);
  prepared.config = std::make_shared<const config::Config>(std::move(candidate.config));
  prepared.text = std::make_shared<const std::string>(std::move(candidate.text));
  std::vector<config::Problem> problems;
  if (!load_files(of, prepared, problems)) {
    ReloadRefusal refusal = invalid(std::move(problems));
    refusal.changes = prepared.changes;
    return refusal;
  }
  if (prepared.changes.empty() && prepared.files.pages != of.pages)
    prepared.changes.push_back({.path = "error_pages",
                                .from = "as they were read",
                                .to = "as they are now",
                                .note = "files of error pages have changed"});
  prepared.is_unchanged = prepared.changes.empty();
  if (prepared.is_unchanged || of.is_dry_run) return prepared;
  Result<proxy::PoolChange> pool = proxy::PoolChange::make(prepared.config, of.means);
  if (!pool) {
    ReloadRefusal refusal =
        refused(ReloadResult::failed, 422, "cannot-be-had", pool.error().message(),
                "free what it needs, or change the key");
    refusal.changes = prepared.changes;
    return refusal;
  }
  prepared.pool = *std::move(pool);
  return prepared;
}

}  // namespace teal::app
