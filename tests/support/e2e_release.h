// Release: the scene of most deployment tests. A service with one or two blue targets that are
// live, a green target that waits to be deployed, and Teal in front of them.
//
// One thread; the targets have their own.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/e2e_admin.h"
#include "tests/support/e2e_load.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {

/// 10 %, then a bake that does not end within the test.
inline constexpr const char* kLongCanary = R"(, "plan": [{"set_weight": "10%"}, {"bake": "1h"}])";

class ReleaseTest : public ::testing::Test {
 protected:
  /// `deploy`: the service's `deploy` section, as a YAML flow mapping; `more`: further keys.
  void start(const std::string& deploy = "{ plan: AllAtOnce }", const std::string& more = {});

  Admin& admin() { return teal_->admin(); }
  /// Starts revision v2 on green_ and gives its id; the request's further members as in Admin.
  std::string ship(const std::string& more = {});
  /// Waits until the bake at the present step has begun.
  bool await_bake(const std::string& id) { return admin().await(id, "status", "Baking"); }
  /// Waits for the rollback that took the deployment back, and checks that blue serves everything.
  void expect_rolled_back(const std::string& id, const std::string& status,
                          const std::string& error_code);
  std::string green_share() { return admin().service().at("/split/green"); }

  Target blue_{"blue-1"};
  Target green_{"green-1"};
  std::unique_ptr<Teal> teal_;
};

}  // namespace teal::e2e
