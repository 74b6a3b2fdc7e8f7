// All workers of a process, with threads, sockets and clients: tables that come while they serve,
// connections that are handed to another worker, requests that wait for a place there, the end.
#include "proxy/worker/pool.h"

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <limits>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/post.hpp>

#include "base/clock.h"
#include "net/io/socket.h"
#include "net/tls/mac.h"
#include "tests/support/component_scripted_server.h"

namespace teal::proxy {
namespace {

class NoLog final : public Log {
 public:
  void write(Level, std::string_view, std::initializer_list<LogField>) override {}
};

/// A client that waits for its answers.
class Client {
 public:
  explicit Client(const Address& to) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const net::Endpoint endpoint = net::to_endpoint(to);
    EXPECT_EQ(::connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&endpoint.storage),
                        endpoint.size),
              0);
  }
  void ask() {
    static constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: shop\r\n\r\n";
    EXPECT_EQ(::send(socket_.fd(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(kRequest.size()));
  }
  /// The status of the answer to ask(), whose end is the last of its text; 0: there came none.
  int answer() {
    std::string text;
    std::array<char, 4096> buffer;
    while (!text.ends_with("\n") || text.ends_with("\r\n")) {
      const ssize_t size = ::recv(socket_.fd(), buffer.data(), buffer.size(), 0);
      if (size <= 0) return 0;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return text.size() > 12 ? std::stoi(text.substr(9, 3)) : 0;
  }

 private:
  net::Socket socket_;
};

class WorkerPoolTest : public testing::Test {
 protected:
  WorkerPoolTest() {
    config_.workers = 2;
    config_.access_log.format = config::AccessLog::Format::off;
    config::Listener& listener = config_.listeners.emplace_back();
    listener.name = "public";
    listener.address = {Address::Kind::ip4, "127.0.0.1", 0};
    config::Service& service = config_.services.emplace_back();
    service.name = "shop";
    config::Match& match = service.match.emplace_back();
    match.listener = "public";
    match.path = "/";
    service.limits.in_flight_per_target = 1;
    service.limits.pending = 100;
    state_.name = "shop";
  }
  void set_target(const Address& address) {
    TargetState target;
    target.id = 1;
    target.address = address;
    target.health = Health::healthy;
    state_.groups[Colour::blue].targets = {target};
  }
  void start() {
    pool_.emplace(io_, WorkerPool::Options{
                           .config = std::make_shared<const config::Config>(config_),
                           .clock = &clock_,
                           .log = &log_,
                           .login_key = net::Mac(std::array<std::uint8_t, 32>{1}),
                           .on_bad_outcome = [this](const BadOutcome&) { ++bad_outcomes_; },
                           .on_exposed = [] {},
                           .on_tallies = [](const std::vector<TargetTally>&) {},
                           .on_judged_event = [](std::uint32_t, const JudgedEvent&) {},
                           .on_judged = [](Mono) {},
                       });
    ASSERT_TRUE(pool_->open());
    publish();
  }
  /// Every worker runs on the next table when it returns.
  void publish() {
    bool is_applied = false;
    pool_->publish({++version_, {snapshot_of(state_, nullptr)}}, [&](Mono) { is_applied = true; });
    ASSERT_TRUE(test::run_until(io_, [&] { return is_applied; }));
  }
  Address listener() const { return pool_->means().listeners.at(0).bound; }
  double stat(std::string_view name) const {
    double sum = 0;
    for (const MetricSample& sample : pool_->read_stats())
      if (sample.name == name) sum += sample.value;
    return sum;
  }
  /// So many clients at once, each with so many requests on one connection; control goes on with
  /// `meanwhile`. How many had the status.
  int serve(int clients, int requests, int status, const std::function<void()>& meanwhile) {
    std::atomic<int> answers{0};
    int running = clients;  // Control's.
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(clients));
    for (int i = 0; i < clients; ++i)
      threads.emplace_back([&] {
        Client client(listener());
        for (int n = 0; n < requests; ++n) {
          client.ask();
          if (client.answer() == status) ++answers;
        }
        boost::asio::post(io_, [&] { --running; });
      });
    EXPECT_TRUE(test::run_until(io_, [&] {
      meanwhile();
      return running == 0;
    }));
    for (std::thread& each : threads) each.join();
    return answers;
  }

  SystemClock clock_;
  NoLog log_;
  boost::asio::io_context io_;
  config::Config config_;
  ServiceState state_;
  std::optional<WorkerPool> pool_;
  std::uint64_t version_ = 0;
  int bad_outcomes_ = 0;
};

TEST_F(WorkerPoolTest, ServesEveryRequestWhateverIsPublishedMeanwhile) {
  start();
  const auto publish = [this] {
    if (version_ < 200) pool_->publish({++version_, {snapshot_of(state_, nullptr)}}, [](Mono) {});
  };
  EXPECT_EQ(serve(4, 100, 503, publish), 400) << "nobody is there to ask";
  EXPECT_GT(version_, 1U);
}

TEST_F(WorkerPoolTest, CallsWhoWaitsOnAnotherWorkerWhenAPlaceComesFree) {
  test::ScriptedServer server(io_, [](std::size_t) { return test::http_reply(200, "done\n"); });
  set_target(server.address());
  start();
  EXPECT_EQ(serve(8, 25, 200, [] {}), 200);
  EXPECT_EQ(bad_outcomes_, 0);
}

TEST_F(WorkerPoolTest, TellsControlOfATargetThatIsNotThere) {
  // A port that nobody listens on any more.
  Address nobody;
  {
    const test::ScriptedServer server(io_, [](std::size_t) { return test::stall(); });
    nobody = server.address();
  }
  set_target(nobody);
  start();
  EXPECT_EQ(serve(4, 10, 502, [] {}), 40);
  EXPECT_TRUE(test::run_until(io_, [&] { return bad_outcomes_ >= 40; })) << bad_outcomes_;
}

TEST_F(WorkerPoolTest, BlamesNoTargetWhereNoDescriptorIsLeftForIt) {
  test::ScriptedServer server(io_, [](std::size_t) { return test::http_reply(200, "done\n"); });
  set_target(server.address());
  start();
  pool_->limit_descriptors(std::numeric_limits<int>::max(), 0);
  EXPECT_EQ(serve(4, 10, 503, [] {}), 40);
  EXPECT_EQ(bad_outcomes_, 0);
  pool_->limit_descriptors(std::numeric_limits<int>::max(), std::numeric_limits<int>::max());
  EXPECT_EQ(serve(4, 10, 200, [] {}), 40);
}

TEST_F(WorkerPoolTest, IsIdleWhenAllWorkersAre) {
  start();
  Client client(listener());
  client.ask();
  EXPECT_EQ(client.answer(), 503);
  bool is_idle = false;
  pool_->drain([&] { is_idle = true; });
  EXPECT_TRUE(test::run_until(io_, [&] { return is_idle; }));
  client.ask();
  EXPECT_EQ(client.answer(), 0) << "its connection was ended";
  pool_->stop();
}

}  // namespace
}  // namespace teal::proxy
