#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/controller_test_base.h"

namespace teal::control {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

constexpr const char* kName = "dns:app.internal:80";
constexpr const char* kFile = "file:t.yml";

Address found(int host) {
  return {Address::Kind::ip4, "10.0.1." + std::to_string(host), 80};
}

/// The service "shop" runs v1 in blue on two addresses of the file, and has a name and a file to
/// find others by.
class DiscoveryControl : public ControllerTestBase {
 protected:
  DiscoveryControl() {
    config::DiscoverSource name;
    name.name = "app.internal";
    name.port = 80;
    name.revision = "v1";
    config::DiscoverSource file;
    file.kind = config::DiscoverSource::Kind::file;
    file.path = "t.yml";
    file.revision = "v1";
    config.services[0].discover = {name, file};
    start();
    ports->pump();
    find(kFile, {});
    find(kName, {});
  }

  void find_places(const std::string& source, const std::vector<FoundTargetPlace>& entries) {
    Finding finding;
    finding.service = "shop";
    finding.source = source;
    finding.entries = entries;
    finding.empty_because = "it names nobody";
    controller->on_found(finding);
    settle();
  }
  void find(const std::string& source, const std::vector<int>& hosts,
            const std::string& revision = "v1") {
    std::vector<FoundTargetPlace> entries;
    for (const int host : hosts) entries.push_back({revision, found(host)});
    find_places(source, entries);
  }
  void fail(LookFault fault = LookFault::timeout) {
    Finding finding;
    finding.service = "shop";
    finding.source = kName;
    finding.problems = {{fault, "no resolver answers"}};
    controller->on_found(finding);
    settle();
  }
  /// A second passes, in which whatever drains has gone.
  void settle() {
    ports->pump();
    advance(1s);
    ports->pump();
  }
  Texts targets(Colour colour) {
    Texts texts;
    const ServiceReport report = shop();
    for (const TargetReport& target : report.groups[colour].targets)
      texts.push_back(to_string(target.state.address));
    std::ranges::sort(texts);
    return texts;
  }
  Texts sources(Colour colour, const Address& address) {
    const ServiceReport report = shop();
    for (const TargetReport& target : report.groups[colour].targets)
      if (target.state.address == address) return target.sources;
    return {};
  }
  TargetId id_of(Colour colour, const Address& address) {
    const ServiceReport report = shop();
    for (const TargetReport& target : report.groups[colour].targets)
      if (target.state.address == address) return target.state.id;
    return 0;
  }
  double metric(const std::string& name, const std::string& source,
                const std::string& reason = {}) {
    for (const MetricSample& sample : controller->service_metrics("shop")) {
      const auto has = [&](const char* label, const std::string& value) {
        return value.empty() ||
               std::ranges::find(sample.labels, std::pair<std::string, std::string>(
                                                    label, value)) != sample.labels.end();
      };
      if (sample.name == name && has("source", source) && has("reason", reason))
        return sample.value;
    }
    return -1;
  }
  SourceReport source(const std::string& name) {
    const ServiceReport report = shop();
    for (const SourceReport& each : report.discovery->sources)
      if (each.source == name) return each;
    return {};
  }
};

TEST_F(DiscoveryControl, WhatIsFoundIsATargetOfTheGroupThatRunsTheRevision) {
  find(kName, {1, 2});
  EXPECT_EQ(targets(Colour::blue),
            (Texts{"10.0.0.1:1", "10.0.0.1:2", "10.0.1.1:80", "10.0.1.2:80"}));
  EXPECT_EQ(ports->last().groups[Colour::blue].targets.size(), 4U) << "the workers know";
  EXPECT_EQ(sources(Colour::blue, target_address(1)), (Texts{"config"}));
  EXPECT_EQ(sources(Colour::blue, found(1)), (Texts{"dns"}));
  EXPECT_EQ(announced("target.added"), 1U);
  EXPECT_EQ(metric("teal_discovery_targets", kName), 2);
  EXPECT_EQ(metric("teal_discovery_targets", kFile), 0);
}

TEST_F(DiscoveryControl, WhatIsNotFoundAnyMoreDrainsAndGoes) {
  find(kName, {1, 2});
  probe(Colour::blue, Health::healthy);
  find(kName, {2});
  EXPECT_EQ(targets(Colour::blue), (Texts{"10.0.0.1:1", "10.0.0.1:2", "10.0.1.2:80"}));
  EXPECT_EQ(announced("target.draining"), 1U);
  EXPECT_EQ(announced("target.removed"), 1U);
}

TEST_F(DiscoveryControl, WhoComesBackWithinTheDrainKeepsItsId) {
  find(kName, {1, 2});
  probe(Colour::blue, Health::healthy);
  const TargetId before = id_of(Colour::blue, found(1));
  Finding finding{"shop", kName, std::vector<FoundTargetPlace>{{"v1", found(2)}}, false, {}, {}};
  controller->on_found(finding);  // The workers have not taken it yet.
  advance(1s);
  finding.entries->push_back({"v1", found(1)});
  controller->on_found(finding);
  settle();
  EXPECT_EQ(id_of(Colour::blue, found(1)), before);
  EXPECT_NE(before, 0U);
}

TEST_F(DiscoveryControl, ADeadResolverChangesNothingAndIsTold) {
  find(kName, {1, 2});
  fail();
  fail();
  EXPECT_EQ(targets(Colour::blue).size(), 4U);
  EXPECT_EQ(announced("discovery.failed"), 1U);
  EXPECT_EQ(metric("teal_discovery_failures_total", kName, "timeout"), 2);
  EXPECT_EQ(metric("teal_discovery_failures_total", kName, "refused"), 0);
  EXPECT_TRUE(source(kName).failing);
  EXPECT_EQ(source(kName).last_problem, "no resolver answers");
  find(kName, {1, 2});
  EXPECT_EQ(announced("discovery.recovered"), 1U);
}

TEST_F(DiscoveryControl, AnEmptyAnswerChangesNothingAndIsTold) {
  const std::size_t before = announced("discovery.empty");
  find(kName, {1, 2});
  EXPECT_EQ(metric("teal_discovery_empty", kName), 0);
  find(kName, {});
  EXPECT_EQ(targets(Colour::blue).size(), 4U);
  EXPECT_EQ(announced("discovery.empty"), before + 1);
  EXPECT_EQ(metric("teal_discovery_empty", kName), 1);
}

TEST_F(DiscoveryControl, MoreThanHalfIsHeld) {
  find(kName, {1, 2, 3});
  find(kName, {3});
  EXPECT_EQ(targets(Colour::blue).size(), 5U);
  EXPECT_EQ(announced("discovery.held"), 1U);
  EXPECT_EQ(metric("teal_discovery_held_removals", ""), 2);
  advance(10s);
  find(kName, {3});
  EXPECT_EQ(targets(Colour::blue).size(), 3U);
  EXPECT_EQ(metric("teal_discovery_held_removals", ""), 0);
}

TEST_F(DiscoveryControl, AddressesOfThisMachineAreNotBelieved) {
  own_sockets = {{"the admin address", {Address::Kind::ip4, "10.0.1.9", 80}, true}};
  start();
  ports->pump();
  find_places(kName, {{"v1", {Address::Kind::ip4, "127.0.0.1", 80}},
                      {"v1", {Address::Kind::ip4, "169.254.169.254", 80}},
                      {"v1", found(9)},
                      {"v1", found(1)}});
  EXPECT_EQ(targets(Colour::blue), (Texts{"10.0.0.1:1", "10.0.0.1:2", "10.0.1.1:80"}));
  EXPECT_EQ(announced("discovery.refused"), 1U);
  EXPECT_EQ(source(kName).refused_total, 3U);
  EXPECT_EQ(metric("teal_discovery_refused_total", kName), 3);
}

TEST_F(DiscoveryControl, WhatAFileNamesIsBelievedButForTealsOwnSockets) {
  own_sockets = {{"listener 'public'", found(9), false}};
  start();
  ports->pump();
  find_places(kFile, {{"v1", {Address::Kind::ip4, "127.0.0.1", 80}}, {"v1", found(9)}});
  EXPECT_EQ(targets(Colour::blue), (Texts{"10.0.0.1:1", "10.0.0.1:2", "127.0.0.1:80"}));
}

TEST_F(DiscoveryControl, ADeploymentTakesWhatWaits) {
  probe(Colour::blue, Health::healthy);
  find(kFile, std::vector<int>{7, 8}, "v2");
  ASSERT_EQ(shop().discovery->waiting.size(), 1U);
  EXPECT_EQ(shop().discovery->waiting[0].revision, "v2");
  config::DeploymentRequest without{"v2", {}, config.services[0].deploy};
  const ApiResult<DeploymentReport> begun = controller->deploy("shop", without, "", "");
  ASSERT_TRUE(begun) << begun.error().detail;
  EXPECT_EQ(begun->targets, (std::vector<Address>{found(7), found(8)}));
  EXPECT_EQ(sources(Colour::green, found(7)), (Texts{"file"}));
  EXPECT_TRUE(shop().discovery->waiting.empty());
  probe(Colour::green, Health::healthy);
  settle();
  find(kFile, std::vector<int>{8, 9}, "v2");
  EXPECT_EQ(targets(Colour::green), (Texts{"10.0.1.8:80", "10.0.1.9:80"}));
}

TEST_F(DiscoveryControl, ADeploymentsOwnTargetsComeFirst) {
  probe(Colour::blue, Health::healthy);
  find(kFile, std::vector<int>{7, 8}, "v2");
  const DeploymentId id = deploy("v2");
  EXPECT_EQ(report(id).targets, (std::vector<Address>{target_address(3), target_address(4)}));
  settle();
  EXPECT_EQ(targets(Colour::green),
            (Texts{"10.0.0.1:3", "10.0.0.1:4", "10.0.1.7:80", "10.0.1.8:80"}));
  EXPECT_EQ(sources(Colour::green, target_address(3)), (Texts{"api"}));
  find(kFile, std::vector<int>{8}, "v2");
  EXPECT_EQ(targets(Colour::green), (Texts{"10.0.0.1:3", "10.0.0.1:4", "10.0.1.8:80"}));
}

TEST_F(DiscoveryControl, WithoutAnythingFoundTheFilesGroupIsMeant) {
  config.services[0].groups[Colour::green] = {"v2", {target_address(5)}};
  disk = std::make_shared<Disk>();
  start();
  ports->pump();
  probe(Colour::blue, Health::healthy);
  config::DeploymentRequest without{"v2", {}, config.services[0].deploy};
  const ApiResult<DeploymentReport> begun = controller->deploy("shop", without, "", "");
  ASSERT_TRUE(begun) << begun.error().detail;
  EXPECT_EQ(begun->targets, std::vector{target_address(5)});
}

TEST_F(DiscoveryControl, TheMinimumOfARunningDeploymentStaysWhatItWas) {
  probe(Colour::blue, Health::healthy);
  find(kFile, std::vector<int>{6, 7, 8, 9}, "v2");
  config::DeploymentRequest without{"v2", {}, config.services[0].deploy};
  const DeploymentId id = controller->deploy("shop", without, "", "").value().id;
  probe(Colour::green, Health::healthy);
  settle();
  EXPECT_EQ(status(id), Status::baking);
  find(kFile, std::vector<int>{6, 7, 8}, "v2");
  EXPECT_EQ(report(id).error_code, "HEALTH_CONSTRAINTS") << "all four had to be healthy";
}

TEST_F(DiscoveryControl, WhatAPersonDrainsStaysAwayUntilItIsNotFoundOnce) {
  find(kName, {1, 2, 3});
  probe(Colour::blue, Health::healthy);
  ASSERT_TRUE(controller->delete_target("shop", Colour::blue, found(1)));
  settle();
  find(kName, {1, 2, 3});
  EXPECT_EQ(targets(Colour::blue).size(), 4U);
  EXPECT_EQ(shop().discovery->held_out, std::vector{found(1)});
  find(kName, {2, 3});
  find(kName, {1, 2, 3});
  EXPECT_EQ(targets(Colour::blue).size(), 5U);
}

TEST_F(DiscoveryControl, WhatAPersonAddsStaysWhateverIsFound) {
  find(kName, {1, 2});
  probe(Colour::blue, Health::healthy);
  ASSERT_TRUE(controller->put_target("shop", Colour::blue, found(1)));
  EXPECT_EQ(sources(Colour::blue, found(1)), (Texts{"api", "dns"}));
  find(kName, {2});
  EXPECT_EQ(sources(Colour::blue, found(1)), (Texts{"api"}));
}

TEST_F(DiscoveryControl, ARestartBeginsWithWhatWasKnownLast) {
  find(kName, {1, 2});
  advance(2s);
  start();
  EXPECT_EQ(ports->last().groups[Colour::blue].targets.size(), 4U) << "with the first publication";
  ports->pump();
  fail();
  EXPECT_EQ(targets(Colour::blue).size(), 4U);
  EXPECT_EQ(source(kName).targets, 2U);
  EXPECT_EQ(announced("config.ignored"), 0U);
  find(kFile, {});
  find(kName, {2});
  EXPECT_EQ(targets(Colour::blue), (Texts{"10.0.0.1:1", "10.0.0.1:2", "10.0.1.2:80"}));
}

TEST_F(DiscoveryControl, TheDiskIsNotWaitedForAndNotWrittenForNothing) {
  advance(5s);
  const std::size_t waited = disk->waited_for;
  find(kName, {1, 2});
  advance(2s);
  EXPECT_EQ(disk->waited_for, waited);
  const std::size_t commits = disk->commits;
  for (int i = 0; i < 10; ++i) find(kName, {1, 2});
  EXPECT_EQ(disk->commits, commits) << "nothing has changed";
  for (int i = 3; i < 8; ++i) {
    controller->on_found(
        Finding{"shop",
                kName,
                std::vector<FoundTargetPlace>{{"v1", found(1)}, {"v1", found(2)}, {"v1", found(i)}},
                false,
                {},
                {}});
    advance(100ms);
  }
  EXPECT_LE(disk->commits, commits + 1) << "once a second";
}

TEST_F(DiscoveryControl, AnotherConfigurationLetsGoOfWhatOnlyItsSourcesBrought) {
  find(kName, {1, 2});
  find(kFile, {2, 3});
  probe(Colour::blue, Health::healthy);
  config.services[0].discover.pop_back();
  start();  // The file is not a source any more.
  ports->pump();
  probe(Colour::blue, Health::healthy);
  find(kName, {1, 2});
  EXPECT_EQ(targets(Colour::blue),
            (Texts{"10.0.0.1:1", "10.0.0.1:2", "10.0.1.1:80", "10.0.1.2:80"}));
}

TEST_F(DiscoveryControl, OfOtherServicesAndSourcesNothingIsTaken) {
  const std::size_t publications = ports->publications.size();
  controller->on_found(Finding{"news", kName, std::vector<FoundTargetPlace>{}, false, {}, {}});
  controller->on_found(Finding{"shop", "dns:x:1", std::vector<FoundTargetPlace>{}, false, {}, {}});
  EXPECT_EQ(ports->publications.size(), publications);
}

TEST_F(DiscoveryControl, RediscoveringTheSameChangesNothing) {
  find(kName, {1, 2});
  ASSERT_FALSE(controller->refuse(config));
  controller->reconfigure(std::make_shared<const config::Config>(config), {2, "d"}, [] {});
  settle();
  EXPECT_EQ(targets(Colour::blue).size(), 4U);
  EXPECT_EQ(source(kName).targets, 2U);
}

}  // namespace
}  // namespace teal::control
