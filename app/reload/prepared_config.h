// PreparedConfig: another configuration with everything that it needs made and everything that
// could fail done: read, checked, compared with the one that runs, its files loaded, its sockets
// bound. To go over to it cannot fail, and who throws it away has changed nothing.
//
// Made on the errand thread, which may wait for disks; taken on the control thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/files/watched_files.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/change/diff.h"
#include "control/configuration/config_commands.h"
#include "proxy/worker/pool_change.h"

namespace teal::app {

/// Where a configuration came from, and how to read it again.
struct ConfigSource {
  std::string path;  ///< As `teal serve` was told it; "-": it cannot be read again.
  config::Variables variables;
  std::shared_ptr<const std::string> text;  ///< Of the one that runs.
  std::string meaning;                      ///< Of that: meaning_of().
};

struct PreparedConfig {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const std::string> text;
  std::string digest;
  std::uint64_t generation = 0;  ///< That it becomes; given when it is committed.
  std::string meaning;
  std::vector<config::Change> changes;
  std::vector<config::Problem> warnings;
  bool is_unchanged = false;  ///< It says what runs: the rest is not made.
  bool is_of_file = true;     ///< The file says the same.
  WatchedFiles files;
  proxy::PoolChange pool;  ///< Not of a dry run.

  bool changes_access() const;
};

/// What is prepared, and beside what.
struct Preparation {
  ConfigSource source;
  std::shared_ptr<const std::string> text;  ///< An earlier generation's; null: the file's.
  std::string name;                         ///< Of the text, in problems; the path's for the file.
  proxy::ErrorPages pages;                  ///< That are in use.
  proxy::PoolMeans means;
  bool is_dry_run = false;
  const Clock* clock = nullptr;
  Log* log = nullptr;
};

boost::system::result<PreparedConfig, control::ReloadRefusal> prepare(const Preparation& of);

/// What tells one meaning from another: equal where two texts say the same, variables included.
std::string meaning_of(const config::Candidate& candidate);
/// ConfigRow::mark of it.
std::string mark_of(const std::string& meaning, const std::string& store_id);

}  // namespace teal::app
