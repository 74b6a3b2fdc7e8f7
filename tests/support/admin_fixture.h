// RunningAdmin: a control API on a real socket, served by a thread of its own, with FakeCommands
// behind it. The fake belongs to that thread: reach it through `on_server`.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <initializer_list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "control/admin/server.h"
#include "tests/support/fake_commands.h"

namespace teal::control::testing {

class SilentLog final : public Log {
 public:
  void write(Level /*level*/, std::string_view /*message*/,
             std::initializer_list<LogField> /*fields*/) override {}
};

class RunningAdmin {
 public:
  explicit RunningAdmin(const Address& address = {Address::Kind::ip4, "127.0.0.1", 0},
                        const AdminLimits& limits = {}) {
    add_canary(commands, clock.now);
    auto started = AdminServer::start(io, api, log, address, limits);
    TEAL_ASSERT(started.has_value());
    server = std::move(*started);
    thread_ = std::thread([this] { io.run(); });
  }

  ~RunningAdmin() {
    on_server([this] {
      server = nullptr;
      work_.reset();
    });
    thread_.join();
  }

  /// Runs it on the server's thread and waits for its end.
  void on_server(const std::function<void()>& what) {
    std::promise<void> done;
    boost::asio::post(io, [&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }

  const Address& address() const { return server->address(); }

  FixedClock clock;
  FakeCommands commands;
  SilentLog log;
  boost::asio::io_context io{1};
  /// What a backup gets; empty: there is none to be had.
  std::function<void(TakenSnapshot)> take_snapshot;
  /// So many lines more are in the next scrape.
  std::atomic<int> lines{0};
  AdminApi api{commands, clock, {}, dependencies()};
  std::unique_ptr<AdminServer> server;

 private:
  ApiDependencies dependencies() {
    ApiDependencies of;
    of.later = [this](const std::function<void()>& slice) { boost::asio::post(io, slice); };
    of.take_snapshot = [this](const TakenSnapshot& taken) { take_snapshot(taken); };
    of.scrape = [this] {
      return std::vector<ScrapePart>{[this](MetricFamilies& families) {
        if (lines == 0) return false;
        families.gauge("teal_lines", "Lines.", {{"line", std::to_string(--lines)}}, 1);
        return true;
      }};
    };
    return of;
  }

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io.get_executor()};
  std::thread thread_;
};

}  // namespace teal::control::testing
