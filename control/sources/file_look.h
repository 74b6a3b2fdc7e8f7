// FileLook: reads the files of one source, and remembers what each said last: a file that is
// broken, unsafe or gone keeps its part, and only a file that can be read takes something away.
//
// Blocks on the disk: on the thread that looks for targets. When to look is
// control/sources/file_looks.h's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/discovery/finding.h"
#include "control/sources/watched_source.h"

namespace teal::control {

class FileLook {
 public:
  static constexpr std::size_t kMaxFiles = 100;          ///< That are there at once.
  static constexpr std::size_t kMaxRemembered = 1000;    ///< With those that are gone.
  static constexpr std::size_t kMaxBytes = 1024 * 1024;  ///< Of one file.

  /// `user`: Teal's own, whose files are believed beside root's.
  FileLook(WatchedSource source, unsigned user);

  const WatchedSource& source() const { return source_; }
  /// The folder in which something happens when a file changes.
  const std::string& folder() const { return folder_; }
  Finding look();

 private:
  using Places = std::vector<FoundTargetPlace>;

  std::vector<std::string> files(Finding& finding) const;
  bool read(const std::string& path, Finding& finding);
  void forget_the_empty(const std::vector<std::string>& present);
  void name_the_gone(const std::vector<std::string>& present, Finding& finding) const;

  WatchedSource source_;
  unsigned user_;
  std::string folder_, last_;  ///< Of the path.
  bool is_pattern_;
  std::map<std::string, Places> known_;  ///< By file: what it said when it could be read last.
};

}  // namespace teal::control
