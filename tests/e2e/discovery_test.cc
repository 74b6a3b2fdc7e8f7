// Targets that are found by name and in files, by the real binary: behind a name whose addresses
// change under traffic, with a resolver that dies, and in files as others write them.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/dns_server.h"
#include "tests/support/e2e_load.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

namespace fs = std::filesystem;
using net::dns::AskedQuestion;
using net::dns::DnsServer;
using net::dns::ReplyText;
using net::dns::Type;

std::string port_of(const Target& target) {
  const std::string address = target.address();
  return address.substr(address.rfind(':') + 1);
}

/// A target on another address of loopback with the port of `like`.
Address beside(const Target& like, int host) {
  return {Address::Kind::ip4, "127.0.0." + std::to_string(host),
          static_cast<std::uint16_t>(std::stoi(port_of(like)))};
}

class DiscoveryTest : public ::testing::Test {
 protected:
  /// No targets but those that are found; v1 is live.
  std::string config(const std::string& discover, const std::string& more = {}) {
    return "admin: { address: 'unix:$DIR/admin.sock' }\nstate: 'sqlite:$DIR/teal.db'\nworkers: 2\n"
           "access_log: off\ndiscovery: { resolvers: [ '" +
           to_string(dns.address()) +
           "' ], timeout: 200ms, max_refresh: 1s }\n"
           "listeners: { public: { address: '127.0.0.1:0' } }\nservices:\n  shop:\n"
           "    match: { listener: public }\n    blue: { revision: v1 }\n"
           "    health: { http: /healthz, interval: 400ms, fast_interval: 20ms }\n" +
           more + "    discover:\n" + discover;
  }
  std::string by_name() {
    return "    - { dns: 'app.internal:" + port_of(first) +
           "', type: a, allow_ranges: [ 127.0.0.0/8 ] }\n";
  }
  /// The targets of a group that accept requests are these many, and no others are there.
  bool await_targets(Teal& teal, const std::string& group, int count) {
    return eventually([&] {
      const ApiAnswer shop = teal.admin().service();
      return shop.at("/groups/" + group + "/targets_healthy") == std::to_string(count) &&
             shop.at("/groups/" + group + "/targets_total") == std::to_string(count);
    });
  }

  DnsServer dns{[](const AskedQuestion&, bool) { return DnsServer::Messages{}; }};
  Target first{"first", {Address::Kind::ip4, "127.0.0.1", 0}};
};

TEST_F(DiscoveryTest, AServiceBeginsWithTheTargetsBehindAName) {
  Target second("second", beside(first, 2));
  dns.have({"127.0.0.1", "127.0.0.2"});
  Teal teal(config(by_name()));
  // No request comes too early for that.
  const auto answered = ask(teal.listener(), 20);
  EXPECT_EQ(answered.at("first") + answered.at("second"), 20U);
  const ApiAnswer shop = teal.admin().service();
  EXPECT_EQ(shop.at("/groups/blue/targets/0/sources/0"), "dns");
  EXPECT_EQ(shop.at("/discovery/sources/0/source"), "dns:app.internal:" + port_of(first));
  const Finished status = teal.cli({"status", "shop"});
  EXPECT_NE(status.out.find("found: dns:app.internal"), std::string::npos) << status.out;
  EXPECT_NE(status.out.find("blue has 2 of dns"), std::string::npos) << status.out;
}

TEST_F(DiscoveryTest, MachinesComeAndGoUnderTrafficWithoutAFailedRequest) {
  Target second("second", beside(first, 2)), third("third", beside(first, 3)),
      fourth("fourth", beside(first, 4));
  dns.have({"127.0.0.1", "127.0.0.2"});
  Teal teal(config(by_name()));
  Load load(teal.listener(), 4);
  ASSERT_TRUE(load.await(100));
  dns.have({"127.0.0.1", "127.0.0.2", "127.0.0.3"});
  EXPECT_TRUE(await_targets(teal, "blue", 3));
  dns.have({"127.0.0.2", "127.0.0.3"});
  EXPECT_TRUE(await_targets(teal, "blue", 2));
  dns.have({"127.0.0.2", "127.0.0.3", "127.0.0.4"});
  EXPECT_TRUE(await_targets(teal, "blue", 3));
  dns.have({"127.0.0.3", "127.0.0.4"});
  EXPECT_TRUE(await_targets(teal, "blue", 2));
  ASSERT_TRUE(load.await(100));
  const LoadReport report = load.stop();
  EXPECT_TRUE(report.failures.empty()) << report.text();
  for (const char* name : {"first", "second", "third", "fourth"})
    EXPECT_GT(report.by_target.at(name), 0U) << name;
}

TEST_F(DiscoveryTest, AResolverThatDiesTakesNobodyAwayNotEvenOverARestart) {
  dns.have({"127.0.0.1"});
  Teal teal(config(by_name()));
  EXPECT_EQ(ask(teal.listener(), 1).at("first"), 1U);
  dns.die();
  EXPECT_TRUE(eventually([&] {
    return teal.admin().service().body.at_pointer("/discovery/sources/0/failing") == true;
  })) << teal.admin().service().text;
  EXPECT_EQ(ask(teal.listener(), 1).at("first"), 1U);
  teal.kill9();
  teal.start();
  EXPECT_EQ(ask(teal.listener(), 1).at("first"), 1U);
  EXPECT_GE(teal.admin().metric("teal_discovery_targets"), 1);
}

TEST_F(DiscoveryTest, ADeploymentTakesWhatIsFoundOfItsRevision) {
  Target next("next");
  dns.have({"127.0.0.1"});
  // SRV: the release runs on a port of its own.
  dns.answer([&, port = std::stoi(port_of(next))](const AskedQuestion& asked, bool) {
    ReplyText text(asked.name, asked.type, asked.id);
    if (asked.type == Type::srv)
      text.service(asked.name, {1, 1, static_cast<std::uint16_t>(port), "host.internal"}, 1);
    if (asked.type == Type::a) text.ip4(asked.name, "127.0.0.1", 1);
    return DnsServer::Messages{text};
  });
  Teal teal(config(by_name() +
                   "    - { dns: _http._tcp.next.internal, type: srv, revision: v2, allow_ranges: "
                   "[ 127.0.0.0/8 ] }\n"));
  EXPECT_TRUE(eventually(
      [&] { return teal.admin().service().at("/discovery/waiting/0/revision") == "v2"; }));
  EXPECT_EQ(ask(teal.listener(), 1).at("first"), 1U);
  const Finished shipped = teal.cli({"deploy", "shop", "--revision", "v2", "--wait"});
  EXPECT_EQ(shipped.code, 0) << shipped.out << shipped.err;
  EXPECT_EQ(ask(teal.listener(), 1).at("next"), 1U);
  EXPECT_EQ(teal.admin().service().at("/groups/green/targets/0/sources/0"), "dns");
}

TEST_F(DiscoveryTest, WhatDnsSaysOfThisMachineIsNotBelieved) {
  dns.have({"127.0.0.1"});
  Teal teal(config("    - { dns: 'app.internal:" + port_of(first) + "', type: a }\n"));
  EXPECT_TRUE(eventually(
      [&] { return teal.admin().service().at("/discovery/sources/0/refused_total") == "1"; }));
  EXPECT_EQ(teal.admin().service().at("/groups/blue/targets_total"), "0");
  EXPECT_EQ(first.requests() + first.probes(), 0U);
}

class FileDiscoveryTest : public DiscoveryTest {
 protected:
  void write(const fs::path& path, const std::string& text, mode_t mode = 0644) {
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }
  static std::string naming(const Target& target) {
    return "[{\"targets\": [\"" + target.address() + "\"]}]";
  }
  bool await_failure(Teal& teal, const std::string& reason) {
    return eventually(
        [&] { return teal.admin().metric("teal_discovery_failures_total", reason) >= 1; });
  }
  bool answers(Teal& teal, const std::string& name) {
    return eventually([&] { return ask(teal.listener(), 1).contains(name); });
  }

  TempDir dir;
  fs::path file = fs::path(dir / "t.json");
  std::string by_file() { return "    - { file: '" + file.string() + "' }\n"; }
};

TEST_F(FileDiscoveryTest, AFileIsReplacedByARename) {
  Target second("second");
  write(file, naming(first));
  Teal teal(config(by_file()));
  EXPECT_EQ(ask(teal.listener(), 1).at("first"), 1U);
  EXPECT_EQ(teal.admin().service().at("/groups/blue/targets/0/sources/0"), "file");
  write(dir / "new",
        "[{\"targets\": [\"" + first.address() + "\", \"" + second.address() + "\"]}]");
  fs::rename(dir / "new", file);
  EXPECT_TRUE(await_targets(teal, "blue", 2));
  write(dir / "new", naming(second));
  fs::rename(dir / "new", file);
  EXPECT_TRUE(await_targets(teal, "blue", 1));
  EXPECT_TRUE(answers(teal, "second"));
  EXPECT_EQ(teal.admin().metric("teal_discovery_failures_total", "malformed"), 0);
}

TEST_F(FileDiscoveryTest, KubernetesSwitchesItsData) {
  Target second("second");
  const auto version = [&](const std::string& name, const Target& target) {
    fs::create_directory(dir / name);
    write(fs::path(dir / name) / "t.json", naming(target));
  };
  version("..one", first);
  fs::create_symlink("..one", dir / "..data");
  fs::create_symlink("..data/t.json", file);
  Teal teal(config(by_file()));
  EXPECT_EQ(ask(teal.listener(), 1).at("first"), 1U);
  version("..two", second);
  fs::create_symlink("..two", dir / "..data_tmp");
  fs::rename(dir / "..data_tmp", dir / "..data");
  // All have changed: the old one stays until that is sure, the new one is there at once.
  EXPECT_TRUE(answers(teal, "second"));
}

TEST_F(FileDiscoveryTest, AHalfWrittenFileChangesNothing) {
  Target second("second");
  write(file, naming(first));
  Teal teal(config(by_file()));
  EXPECT_EQ(ask(teal.listener(), 1).at("first"), 1U);
  write(file, naming(second).substr(0, 12));
  EXPECT_TRUE(await_failure(teal, "malformed"));
  EXPECT_EQ(ask(teal.listener(), 1).at("first"), 1U);
  fs::remove(file);
  EXPECT_TRUE(await_failure(teal, "missing"));
  EXPECT_EQ(ask(teal.listener(), 1).at("first"), 1U);
}

TEST_F(FileDiscoveryTest, AFileThatOthersCanWriteIsNotBelieved) {
  write(file, naming(first), 0664);
  Teal teal(config(by_file()));
  EXPECT_TRUE(await_failure(teal, "unsafe"));
  EXPECT_EQ(teal.admin().service().at("/groups/blue/targets_total"), "0");
  EXPECT_NE(teal.cli({"status", "shop"}).out.find("chmod go-w"), std::string::npos);
  ::chmod(file.c_str(), 0644);
  EXPECT_TRUE(await_targets(teal, "blue", 1));
}

}  // namespace
}  // namespace teal::e2e
