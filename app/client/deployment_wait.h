// DeploymentWait: follows one deployment to its end, and then the rollback that takes it back, if
// there is one. Prints what happens as it happens and a line at least every 30 s where nothing
// does; ends in time whatever Teal does: one that stands still or is away counts by the clock.
//
// One thread; blocks. Changes nothing at Teal.
#pragma once

#include <optional>
#include <set>
#include <string>

#include <boost/json.hpp>

#include "app/client/admin_client.h"
#include "app/client/reconnect.h"
#include "app/client/terminal.h"

namespace teal::app {

class DeploymentWait {
 public:
  /// `timeout` counts from `began`; 0: as long as it takes. A Teal that does not answer is waited
  /// for a minute and no longer than that timeout. `json`: the report at the end is all of stdout.
  DeploymentWait(const Terminal& terminal, AdminClient admin, bool json, Millis timeout,
                 Mono began);

  /// The exit code: how it ended, kTimedOut while it goes on, kUnreachable where nobody can tell.
  int follow(const std::string& id);

 private:
  std::optional<int> poll();
  std::optional<int> miss(const std::string& why);
  void print_news();
  void beat();
  int give_up();
  /// Until the timeout; a long time without one.
  Millis left() const;
  Millis since(Mono moment) const;
  std::ostream& progress() const;

  const Terminal& terminal_;
  AdminClient admin_;
  bool prints_json_;
  Millis timeout_;
  Mono began_, answered_, spoke_;
  Reconnect reconnect_;
  std::string id_;
  bool was_rolled_back_ = false;
  boost::json::object report_;    ///< The last that came.
  std::size_t printed_ = 0;       ///< Entries of its timeline.
  std::set<std::string> warned_;  ///< What has been printed of its warnings.
  std::string wait_, why_lost_;   ///< The wait that was printed last; why there was no answer.
};

}  // namespace teal::app
