// DemoStage: the processes of the demo and the small jobs around them: start the shop's releases
// and a Teal that routes to them, deploy, watch a deployment to its end.
//
// One thread. Tells no story (that is app/demo/demo.cc).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "app/client/admin_client.h"
#include "app/client/terminal.h"
#include "app/demo/child_process.h"
#include "app/demo/shop.h"
#include "base/result.h"

namespace teal::app {

class DemoStage {
 public:
  /// In a fresh directory under the system's temporary one.
  static Result<std::unique_ptr<DemoStage>> set(const Terminal& terminal);
  /// Ends the processes and removes the directory, unless kept.
  ~DemoStage();

  /// Two processes of a release; their addresses.
  Result<std::vector<std::string>> start_release(const ShopOptions& release);
  /// Teal, with the shop's first release live.
  Result<void> start_teal(const std::string& revision, const std::vector<std::string>& targets);

  Result<boost::json::object> get(const std::string& path) const;
  /// Starts a deployment; its id.
  Result<std::string> deploy(const std::string& revision, const std::vector<std::string>& targets,
                             const boost::json::array& plan) const;
  /// Shows the live view until the deployment has ended; its last report.
  Result<boost::json::object> watch(const std::string& id);

  const Address& front_door() const { return front_door_; }
  const std::string& admin() const { return admin_address_; }
  const std::string& directory() const { return directory_; }
  const std::vector<ChildProcess>& processes() const { return processes_; }
  void keep() { is_kept_ = true; }

 private:
  explicit DemoStage(const Terminal& terminal) : terminal_(terminal), admin_({}) {}
  void draw(const boost::json::object& service);
  void print_new_entries(const boost::json::object& deployment, std::size_t& printed);

  const Terminal& terminal_;
  std::string directory_;
  std::vector<ChildProcess> processes_;
  Address front_door_;
  std::string admin_address_;
  AdminClient admin_;
  int drawn_lines_ = 0;
  bool is_kept_ = false;
};

}  // namespace teal::app
