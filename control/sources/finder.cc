#include "control/sources/finder.h"

#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/start_thread.h"
#include "control/sources/dns_looks.h"
#include "control/sources/file_looks.h"

namespace teal::control {

struct Finder::State {
  State(boost::asio::io_context& the_control, const Clock& clock, std::uint64_t seed, unsigned user,
        Report whom)
      : control(the_control),
        report(std::make_shared<Report>(std::move(whom))),
        reader(report),
        names(io, clock, seed, [this](Finding finding) { send(std::move(finding)); }),
        files(io, user, [this](Finding finding) { send(std::move(finding)); }) {}

  Result<void> start();
  /// On the finder's thread. Whatever is on its way finds nobody once the Finder has gone.
  void send(Finding finding) {
    boost::asio::post(control, [weak = reader, finding = std::move(finding)] {
      if (const auto whom = weak.lock()) (*whom)(finding);
    });
  }

  boost::asio::io_context& control;
  std::shared_ptr<Report> report;      ///< Control's: it alone makes and ends it.
  const std::weak_ptr<Report> reader;  ///< Both threads'.
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
      boost::asio::make_work_guard(io);
  DnsLooks names;
  FileLooks files;
  std::thread thread;
};

Result<void> Finder::State::start() {
  if (thread.joinable()) return {};
  return start_thread(thread, "teal-discovery", "discovery", [this] { io.run(); });
}

Finder::Finder(boost::asio::io_context& control, const Clock& clock, std::uint64_t seed,
               unsigned user, Report report)
    : state_(std::make_unique<State>(control, clock, seed, user, std::move(report))) {}

Finder::~Finder() {
  state_->io.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

Result<void> Finder::start() {
  return state_->start();
}

void Finder::watch(const config::Discovery& rules, std::vector<WatchedSource> sources) {
  if (!state_->thread.joinable()) return;
  boost::asio::post(state_->io, [state = state_.get(), rules, sources = std::move(sources)] {
    state->names.watch(rules, sources);
    state->files.watch(sources);
  });
}

void Finder::stop() {
  state_->report.reset();
  state_->io.stop();
}

std::vector<WatchedSource> sources_in(const config::Config& config) {
  std::vector<WatchedSource> sources;
  for (const config::Service& service : config.services)
    for (const config::DiscoverSource& source : service.discover)
      sources.push_back({service.name, source});
  return sources;
}

}  // namespace teal::control
