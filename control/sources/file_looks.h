// FileLooks: looks at the files of sources when something has happened in their folders (inotify on
// the folder, so that a rename over the file is seen, and Kubernetes' `..data` too), shortly after
// that, and at any rate every kLook.
//
// On the thread that looks for targets. What a look finds is control/sources/file_look.h's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/time.h"
#include "control/discovery/finding.h"
#include "control/sources/file_look.h"

namespace teal::control {

class FileLooks {
 public:
  static constexpr Millis kLook{30'000};
  static constexpr Millis kSettle{50};  ///< Several files may be written one after the other.
  using Report = std::function<void(Finding)>;

  /// `look_every`: kLook but for tests.
  FileLooks(boost::asio::io_context& io, unsigned user, Report report, Millis look_every = kLook);

  /// From now on these are the sources. Those that were there keep what they know.
  void watch(const std::vector<WatchedSource>& sources);

 private:
  void open_notifier();
  void await_events();
  void read_events();
  /// Folders that are not watched yet, or not any more, because they were not there.
  void watch_folders();
  void await_regular_look();
  void look_at_touched();

  boost::asio::posix::stream_descriptor notifier_;  ///< Closed where the system has none to give.
  boost::asio::steady_timer regular_, settled_;
  unsigned user_;
  Report report_;
  Millis look_every_;
  std::vector<FileLook> looks_;
  std::map<std::string, int> folders_;  ///< With inotify's number of each.
  std::set<std::string> touched_;
  bool is_looking_regularly_ = false;
  bool is_settling_ = false;
};

}  // namespace teal::control
