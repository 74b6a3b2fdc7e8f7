// What the controller tells Prometheus: counters that somebody alarms on exist before they count.
#include <map>
#include <string>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using std::chrono::minutes;

class ControllerMetrics : public ControllerTestBase {
 protected:
  /// By the values of the labels behind `service`, joined by spaces.
  std::map<std::string, double> counts(const std::string& name,
                                       const std::string& service = "shop") {
    std::map<std::string, double> found;
    for (const MetricSample& sample : controller->service_metrics(service)) {
      if (sample.name != name) continue;
      EXPECT_EQ(sample.labels.at(0), (std::pair<std::string, std::string>("service", service)));
      std::string key;
      for (std::size_t i = 1; i < sample.labels.size(); ++i)
        key += (i > 1 ? " " : "") + sample.labels[i].second;
      EXPECT_TRUE(found.emplace(key, sample.value).second) << name << " " << key;
    }
    return found;
  }
};

const std::map<std::string, double> kNoRollbacks{
    {"ALARM_ACTIVE", 0}, {"HEALTH_CONSTRAINTS", 0}, {"MANUAL_STOP", 0}, {"TIMEOUT", 0}};

TEST_F(ControllerMetrics, HaveEveryRollbackAndDeploymentAt0FromTheStart) {
  EXPECT_EQ(counts("teal_rollbacks_total"), kNoRollbacks);
  const std::map<std::string, double> none{{"deploy Succeeded", 0}, {"deploy Failed", 0},
                                           {"deploy Stopped", 0},   {"rollback Succeeded", 0},
                                           {"rollback Failed", 0},  {"rollback Stopped", 0}};
  EXPECT_EQ(counts("teal_deployments_total"), none);
  EXPECT_EQ(counts("teal_targets_ejected_total"),
            (std::map<std::string, double>{{"blue", 0}, {"green", 0}}));
}

TEST_F(ControllerMetrics, CountTheFirstRollbackOfAProcessInTheSeriesThatWasThere) {
  const DeploymentId id = bake();
  command(id, Command::stop);
  ports->pump();
  ports->pump();
  auto rollbacks = kNoRollbacks;
  rollbacks["MANUAL_STOP"] = 1;
  EXPECT_EQ(counts("teal_rollbacks_total"), rollbacks);
  EXPECT_EQ(counts("teal_deployments_total").at("deploy Stopped"), 1);
  EXPECT_EQ(counts("teal_deployments_total").at("rollback Succeeded"), 1);
  start();
  EXPECT_EQ(counts("teal_rollbacks_total"), kNoRollbacks) << "in the next process, too";
}

TEST_F(ControllerMetrics, AreOfOneServiceEach) {
  config.services.push_back(config.services[0]);
  config.services[1].name = "cart";
  disk = std::make_shared<Disk>();
  start();
  const DeploymentId id = bake();
  command(id, Command::stop);
  ports->pump();
  EXPECT_EQ(counts("teal_rollbacks_total").at("MANUAL_STOP"), 1);
  EXPECT_EQ(counts("teal_rollbacks_total", "cart"), kNoRollbacks);
  EXPECT_TRUE(controller->service_metrics("nobody").empty());
  EXPECT_EQ(controller->service_names(), (std::vector<std::string>{"shop", "cart"}));
}

}  // namespace
}  // namespace teal::control
