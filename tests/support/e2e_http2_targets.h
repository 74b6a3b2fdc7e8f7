// Http2TargetsTest: Teal before targets that speak HTTP/2 with prior knowledge.
//
// One thread; the targets have their own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/e2e_http2.h"
#include "tests/support/e2e_http2_target.h"
#include "tests/support/e2e_load.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {

class Http2TargetsTest : public testing::Test {
 protected:
  static constexpr const char* kHttp2 = "upstream: { protocol: http2 }\n";

  void start(const std::vector<std::string>& targets, const std::string& more = {},
             int workers = 1) {
    ConfigText config = shop(targets, kHttp2 + more);
    config.workers = workers;
    teal_ = std::make_unique<Teal>(config);
  }
  /// With further keys of `upstream`.
  void start_with(const std::string& keys, const std::vector<std::string>& targets) {
    ConfigText config = shop(targets, "upstream: { protocol: http2, " + keys + " }\n");
    config.workers = 1;
    teal_ = std::make_unique<Teal>(config);
  }
  double metric(const std::string& name) { return teal_->admin().metric(name); }

  std::unique_ptr<Teal> teal_;
};

}  // namespace teal::e2e
