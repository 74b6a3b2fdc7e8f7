#include "app/system/systemd.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "tests/support/datagram_inbox.h"

namespace teal::app {
namespace {

constexpr int kSoon = 10'000;

/// In a directory of its own.
class SystemdTest : public ::testing::Test {
 protected:
  SystemdTest() {
    std::string pattern = ::testing::TempDir() + "teal-manager-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/notify";
  }
  ~SystemdTest() override {
    ::unlink(path_.c_str());
    ::rmdir(directory_.c_str());
  }

  std::string directory_;
  std::string path_;
};

TEST_F(SystemdTest, HearsOfTheStartOfLifeAndOfTheEnd) {
  DatagramInbox systemd(path_);
  const Systemd manager({path_, "", ""});
  manager.ready("serving");
  EXPECT_EQ(systemd.read(kSoon), "READY=1\nSTATUS=serving");
  manager.alive();
  EXPECT_EQ(systemd.read(kSoon), "WATCHDOG=1");
  manager.stopping("draining");
  EXPECT_EQ(systemd.read(kSoon), "STOPPING=1\nSTATUS=draining");
}

TEST_F(SystemdTest, IsReachedByAnAbstractName) {
  const std::string name = "@teal-manager-test-" + std::to_string(::getpid());
  DatagramInbox systemd(name);
  Systemd(SystemdEnvironment{name, "", ""}).alive();
  EXPECT_EQ(systemd.read(kSoon), "WATCHDOG=1");
}

TEST_F(SystemdTest, IsToldOneLineOfStatus) {
  DatagramInbox systemd(path_);
  const Systemd manager({path_, "", ""});
  manager.ready("one\nMAINPID=1");
  EXPECT_EQ(systemd.read(kSoon), "READY=1\nSTATUS=one");
}

TEST_F(SystemdTest, HoldsNobodyUpWhoeverReads) {
  DatagramInbox systemd(path_);
  const Systemd manager({path_, "", ""});
  for (int i = 0; i < 10'000; ++i) manager.alive();
  EXPECT_EQ(systemd.read(kSoon), "WATCHDOG=1");
}

TEST_F(SystemdTest, MayBeGoneOrNeverHaveBeen) {
  Systemd(SystemdEnvironment{path_, "1000000", ""}).ready("serving");
  Systemd().ready("serving");
  Systemd(SystemdEnvironment{"vsock:2:1234", "1000000", ""}).ready("serving");
  Systemd(SystemdEnvironment{"/" + std::string(200, 'x'), "1000000", ""}).ready("serving");
}

TEST_F(SystemdTest, WaitsForLifeWhereItSaysSoAndOfThisProcess) {
  const std::string self = std::to_string(::getpid());
  EXPECT_EQ(Systemd({path_, "10000000", self}).watchdog(), Millis{10'000});
  EXPECT_EQ(Systemd({path_, "10000000", ""}).watchdog(), Millis{10'000});
  EXPECT_EQ(Systemd({path_, "10000000", "1"}).watchdog(), std::nullopt);
  EXPECT_EQ(Systemd({path_, "soon", self}).watchdog(), std::nullopt);
  EXPECT_EQ(Systemd({path_, "0", self}).watchdog(), std::nullopt);
  EXPECT_EQ(Systemd({"", "10000000", self}).watchdog(), std::nullopt);
}

TEST_F(SystemdTest, StaysTheSameWhenItMoves) {
  DatagramInbox systemd(path_);
  Systemd manager({path_, "10000000", ""});
  const Systemd moved(std::move(manager));
  moved.alive();
  EXPECT_EQ(systemd.read(kSoon), "WATCHDOG=1");
  EXPECT_EQ(moved.watchdog(), Millis{10'000});
}

}  // namespace
}  // namespace teal::app
