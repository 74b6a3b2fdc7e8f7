// The command line against a Teal that stands still, dies or comes back.
#include <signal.h>

#include <chrono>
#include <memory>

#include "tests/support/e2e_release.h"

namespace teal::e2e {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A command that runs beside the test.
class Running {
 public:
  Running(const Teal& teal, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), teal_binary());
    arguments.insert(arguments.end(), {"--admin", teal.admin_address()});
    process_ = std::make_unique<Process>(arguments, dir_ / "out", dir_ / "err");
  }
  std::string out() const { return read_file(dir_ / "out"); }
  std::string err() const { return read_file(dir_ / "err"); }
  bool await_out(std::string_view part) const {
    return eventually([&] { return has(out(), part); });
  }
  bool await_err(std::string_view part) const {
    return eventually([&] { return has(err(), part); });
  }
  Process& process() { return *process_; }

 private:
  TempDir dir_;
  std::unique_ptr<Process> process_;
};

/// Teal's process is stopped, as by a debugger or a frozen machine, until the end.
class Frozen {
 public:
  explicit Frozen(const Teal& teal) : teal_(teal) { teal_.signal(SIGSTOP); }
  ~Frozen() { teal_.signal(SIGCONT); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  const Teal& teal_;
};

class PatienceTest : public ReleaseTest {
 protected:
  void ship_slowly() {
    start();
    ASSERT_EQ(ship(kLongCanary), "d-1");
    ASSERT_TRUE(await_bake("d-1"));
  }
};

TEST_F(PatienceTest, EveryCommandEndsInItsTimeWhereTealStandsStill) {
  ship_slowly();
  const Frozen frozen(*teal_);
  const auto began = steady_clock::now();
  Running status(*teal_, {"status"});
  const Finished waited = teal_->cli({"wait", "d-1", "--timeout", "2s"});
  EXPECT_LT(steady_clock::now() - began, seconds{8}) << "2 s, and a busy machine";
  EXPECT_EQ(waited.code, 6) << waited.out << waited.err;
  EXPECT_TRUE(has(waited.err, "what became of d-1 is unknown")) << waited.err;
  EXPECT_TRUE(has(waited.err, "`teal wait d-1` waits again")) << waited.err;
  EXPECT_FALSE(has(waited.err, "goes on")) << waited.err;
  EXPECT_EQ(status.process().wait(Deadline{seconds{25}}), 6) << status.err();
  EXPECT_TRUE(has(status.err(), "did not answer within 10s")) << status.err();
}

TEST_F(PatienceTest, ADeploymentThatNobodyConfirmsIsNotTakenForOne) {
  start();
  const Frozen frozen(*teal_);
  const auto began = steady_clock::now();
  const Finished deploy =
      teal_->cli({"deploy", "shop", "--revision", "v2", "--target", green_.address(), "--wait",
                  "--timeout", "1s", "--idempotency-key", "build-1"});
  EXPECT_LT(steady_clock::now() - began, seconds{7});
  EXPECT_EQ(deploy.code, 6) << deploy.out << deploy.err;
  EXPECT_TRUE(has(deploy.err, "whether it was done is unknown: `teal status` shows it"))
      << deploy.err;
  EXPECT_TRUE(has(deploy.err, "with the same --idempotency-key deploys once")) << deploy.err;
}

TEST_F(PatienceTest, WaitingGoesOnOverARestartOfTeal) {
  ship_slowly();
  Running waiting(*teal_, {"wait", "shop"});
  ASSERT_TRUE(waiting.await_out("10%")) << waiting.out();
  teal_->kill9();
  ASSERT_TRUE(waiting.await_err("; trying again")) << waiting.err();
  teal_->start();
  ASSERT_TRUE(waiting.await_err("Teal answers again")) << waiting.err();
  EXPECT_EQ(teal_->cli({"promote", "d-1"}).code, 0);
  EXPECT_EQ(waiting.process().wait(), 0) << waiting.out() << waiting.err();
  EXPECT_TRUE(has(waiting.out(), "d-1 shop v2: Succeeded")) << waiting.out();
}

TEST_F(PatienceTest, EventsAreFollowedOverARestartOfTeal) {
  ship_slowly();
  Running events(*teal_, {"events", "--follow"});
  ASSERT_TRUE(events.await_out("deployment.started")) << events.out();
  teal_->kill9();
  ASSERT_TRUE(events.await_err("; trying again")) << events.err();
  teal_->start();
  ASSERT_TRUE(events.await_err("Teal answers again")) << events.err();
  EXPECT_EQ(teal_->cli({"pause", "d-1"}).code, 0);
  EXPECT_TRUE(events.await_out("deployment.paused")) << events.out() << events.err();
  EXPECT_TRUE(has(events.out(), "missing here")) << "in words, after a crash\n" << events.out();
  EXPECT_FALSE(has(events.out(), "{\"missed\"")) << events.out();
  const std::string out = events.out();
  EXPECT_EQ(out.find("deployment.started"), out.rfind("deployment.started")) << out;
  events.process().signal(SIGINT);
  EXPECT_EQ(events.process().wait(), -SIGINT) << "Ctrl-C ends it, also after a new connection";
}

TEST_F(PatienceTest, StatusIsWatchedOverARestartOfTeal) {
  ship_slowly();
  Running status(*teal_, {"status", "--watch"});
  ASSERT_TRUE(status.await_out("d-1 shop v2")) << status.out();
  teal_->kill9();
  ASSERT_TRUE(status.await_err("; trying again")) << status.err();
  teal_->start();
  ASSERT_TRUE(status.await_err("Teal answers again")) << status.err();
  status.process().signal(SIGINT);
  EXPECT_EQ(status.process().wait(), 0) << status.err();
}

TEST(CommandLine, FailsWhereItsOutputCannotBeWritten) {
  const TempDir dir;
  const std::string config = dir / "teal.yaml";
  write_file(config, shop({"127.0.0.1:1"}).render(dir.path()));
  for (const std::string& words : {std::string("--version"), "check " + config}) {
    const Finished ended = run({"/bin/sh", "-c", teal_binary() + " " + words + " > /dev/full"});
    EXPECT_EQ(ended.code, 1) << words;
    EXPECT_NE(ended.err.find("the output cannot be written"), std::string::npos) << ended.err;
  }
}

TEST_F(PatienceTest, RemediesAreCommands) {
  start();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"status", "nowhere"},
        {"explain", "d-99"},
        {"history", "nowhere"},
        {"target", "drain", "shop", "green", "127.0.0.1:1"}}) {
    const Finished refused = teal_->cli(words);
    EXPECT_EQ(refused.code, 1) << refused.err;
    EXPECT_TRUE(has(refused.err, "`teal ") || has(refused.err, "the services are: shop"))
        << refused.err;
    EXPECT_FALSE(has(refused.err, "/v1/")) << refused.err;
  }
}

}  // namespace
}  // namespace teal::e2e
