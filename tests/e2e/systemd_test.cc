// The process under systemd: what it tells it by NOTIFY_SOCKET, and the unit that ships.
#include <signal.h>

#include "tests/support/datagram_inbox.h"
#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

/// Reads until a message contains `word`; all that came with it, as lines. Empty: it did not come.
std::string read_until(DatagramInbox& inbox, const std::string& word) {
  const Deadline deadline;
  while (const std::optional<std::string> message = inbox.read(deadline.left_ms()))
    if (message->find(word) != std::string::npos) return *message;
  return {};
}

class UnderSystemd : public ::testing::Test {
 protected:
  /// `teal serve` as systemd would start it, with a watchdog of 400 ms.
  void serve(const ConfigText& config) {
    write_file(dir_ / "teal.yaml", config.render(dir_.path()));
    process_.emplace(std::vector<std::string>{"/usr/bin/env", "NOTIFY_SOCKET=" + dir_ / "notify",
                                              "WATCHDOG_USEC=400000", teal_binary(), "serve",
                                              dir_ / "teal.yaml"},
                     dir_ / "stdout", dir_ / "stderr");
  }

  TempDir dir_;
  DatagramInbox systemd_{dir_ / "notify"};
  std::optional<Process> process_;
};

TEST_F(UnderSystemd, IsReadyOnceClientsAreServedAliveUntilTheEndAndSaysThatItStops) {
  Target target;
  ConfigText config = shop({target.address()}, fast_health());
  config.listeners = "public: { address: 'unix:$DIR/public.sock' }";
  serve(config);
  EXPECT_EQ(read_until(systemd_, "READY"), "READY=1\nSTATUS=serving");
  const Finished served = run({"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                               "--unix-socket", dir_ / "public.sock", "http://shop/"});
  EXPECT_EQ(served.out, "200") << "the first request after READY";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(read_until(systemd_, "WATCHDOG"), "WATCHDOG=1");
  process_->signal(SIGTERM);
  EXPECT_EQ(read_until(systemd_, "STOPPING"), "STOPPING=1\nSTATUS=draining for 5s at most");
  EXPECT_EQ(process_->wait(), 0) << read_file(dir_ / "stderr");
}

TEST_F(UnderSystemd, IsNotReadyBeforeTheFirstHealthChecksAreIn) {
  Trigger well;
  Target target;
  target.on_request([&](TargetConnection& connection, const SeenRequest& request) {
    if (request.path == "/well") connection.wait(well);
    connection.send(response(200, "ok"));
  });
  serve(shop({target.address()}, "health: { http: /well, timeout: 60s, interval: 60s }\n"));
  ASSERT_TRUE(target.await_requests(1)) << read_file(dir_ / "stderr");
  EXPECT_EQ(systemd_.read(0), std::nullopt) << "nobody is served yet";
  well.fire();
  EXPECT_EQ(read_until(systemd_, "READY"), "READY=1\nSTATUS=serving");
}

}  // namespace
}  // namespace teal::e2e
