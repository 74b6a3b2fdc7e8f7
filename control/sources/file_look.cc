#include "control/sources/file_look.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "config/target_file.h"
#include "control/sources/trusted_file.h"

namespace teal::control {

FileLook::FileLook(WatchedSource source, unsigned user) : source_(std::move(source)), user_(user) {
  const std::string& path = source_.source.path;
  const std::size_t slash = path.rfind('/');
  folder_ = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  last_ = slash == path.npos ? path : path.substr(slash + 1);
  is_pattern_ = last_.find_first_of("*?[") != last_.npos;
}

/// Their paths, in order.
std::vector<std::string> FileLook::files(Finding& finding) const {
  if (!is_pattern_) return {source_.source.path};
  std::vector<std::string> paths;
  std::error_code failed;
  for (std::filesystem::directory_iterator each(folder_, failed), end; !failed && each != end;
       each.increment(failed)) {
    const std::string name = each->path().filename();
    if (::fnmatch(last_.c_str(), name.c_str(), FNM_PERIOD) == 0)
      paths.push_back(folder_ + "/" + name);
  }
  if (failed) {
    const bool is_missing = failed == std::errc::no_such_file_or_directory;
    finding.problems.push_back({is_missing ? LookFault::missing : LookFault::unreadable,
                                folder_ + " cannot be read: " + failed.message()});
    return {};
  }
  std::ranges::sort(paths);
  if (paths.size() > kMaxFiles) {
    paths.resize(kMaxFiles);
    finding.is_partial = true;
    finding.problems.push_back(
        {LookFault::too_many, source_.source.path + " means more than 100 files"});
  }
  if (paths.empty() && known_.empty())
    finding.problems.push_back({LookFault::missing, "no file is called " + source_.source.path});
  return paths;
}

/// True where it says something.
bool FileLook::read(const std::string& path, Finding& finding) {
  TrustedFile file = read_trusted_file(path, kMaxBytes, user_);
  if (!file.problem) {
    const auto entries = config::parse_target_file(file.text, path);
    if (entries) {
      Places places;
      for (const config::TargetFileEntry& entry : *entries)
        for (const Address& target : entry.targets)
          places.push_back(
              {entry.revision.empty() ? source_.source.revision : entry.revision, target});
      if (known_.size() < kMaxRemembered || known_.contains(path)) {
        known_[path] = std::move(places);
        return true;
      }
      file.problem = LookProblem{
          LookFault::too_many, path + " is not read: 1000 files were there before that are gone " +
                                   "and may come back; restart Teal, which forgets them"};
    } else {
      file.problem =
          LookProblem{LookFault::malformed, config::to_string(entries.error().list.front())};
    }
  }
  finding.problems.push_back(*std::move(file.problem));
  if (!known_.contains(path)) finding.is_partial = true;
  return false;
}

/// Whoever takes a file away that named nothing takes nothing away.
void FileLook::forget_the_empty(const std::vector<std::string>& present) {
  std::erase_if(known_, [&](const auto& each) {
    return each.second.empty() && !std::ranges::binary_search(present, each.first);
  });
}

/// A file that is gone is a failure: whoever wants none of its targets writes [] into it first.
void FileLook::name_the_gone(const std::vector<std::string>& present, Finding& finding) const {
  if (!is_pattern_) return;
  for (const auto& [path, places] : known_)
    if (!std::ranges::binary_search(present, path))
      finding.problems.push_back({LookFault::missing, path + " is gone; what it named stays"});
}

Finding FileLook::look() {
  Finding finding;
  finding.service = source_.service;
  finding.source = source_text(source_.source);
  const std::vector<std::string> paths = files(finding);
  if (is_pattern_ && !paths.empty()) forget_the_empty(paths);
  bool says_something = false;
  for (const std::string& path : paths) says_something = read(path, finding) || says_something;
  if (!paths.empty()) name_the_gone(paths, finding);
  if (!says_something) {
    if (finding.problems.empty())
      finding.problems.push_back(
          {LookFault::missing, "no file is called " + source_.source.path + " any more"});
    return finding;
  }
  std::set<FoundTargetPlace> all;
  for (const auto& [path, places] : known_) all.insert(places.begin(), places.end());
  finding.entries.emplace(all.begin(), all.end());
  if (all.empty()) finding.empty_because = source_.source.path + " names no target";
  return finding;
}

}  // namespace teal::control
