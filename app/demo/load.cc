#include "app/demo/load.h"

#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace teal::app {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using std::chrono::steady_clock;

DemoLoad::Totals DemoLoad::Totals::operator-(const Totals& earlier) const {
  Totals difference = *this;
  difference.requests -= earlier.requests;
  difference.errors -= earlier.errors;
  difference.broken -= earlier.broken;
  difference.shielded -= earlier.shielded;
  for (const auto& [revision, n] : earlier.by_revision) difference.by_revision[revision] -= n;
  return difference;
}

struct DemoLoad::State {
  State(const Address& to, Millis pause)
      : endpoint(asio::ip::make_address(to.host), to.port), host(to_string(to)), pause_(pause) {}

  asio::awaitable<void> client(Millis first_pause) {
    boost::system::error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    asio::steady_timer timer(io, first_pause);
    co_await timer.async_wait(token);
    std::unique_ptr<asio::ip::tcp::socket> socket;
    boost::beast::flat_buffer buffer;
    http::request<http::empty_body> request(http::verb::get, "/", 11);
    request.set(http::field::host, host);
    Mono next = steady_clock::now();
    while (true) {
      next += pause_;
      timer.expires_at(next);
      co_await timer.async_wait(token);
      if (!socket) {
        socket = std::make_unique<asio::ip::tcp::socket>(io);
        buffer.clear();
        co_await socket->async_connect(endpoint, token);
      }
      const Mono started = steady_clock::now();
      http::response<http::string_body> response;
      if (!ec) co_await http::async_write(*socket, request, token);
      if (!ec) co_await http::async_read(*socket, buffer, response, token);
      note(ec, response, started);
      if (ec || !response.keep_alive()) socket = nullptr;
      ec = {};
    }
  }

  void note(const boost::system::error_code& ec, const http::response<http::string_body>& response,
            Mono started) {
    const Mono now = steady_clock::now();
    const std::lock_guard lock(mutex);
    ++seen.requests;
    if (ec) {
      ++seen.broken;
      return;
    }
    const auto revision = response.find("x-revision");
    const std::string name = revision == response.end() ? "teal" : std::string(revision->value());
    ++seen.by_revision[name];
    const auto [entry, is_new] = sightings.try_emplace(name, Sighting{now, started});
    entry->second.last_start = std::max(entry->second.last_start, started);
    const bool is_error = response.result_int() >= 500;
    const bool is_shielded = response.find("x-teal-shield") != response.end();
    if (is_error) ++seen.errors;
    if (is_shielded && !is_error) ++seen.shielded;
    if ((is_error || is_shielded) && !first_failure) first_failure = now;
  }

  asio::ip::tcp::endpoint endpoint;
  std::string host;
  Millis pause_;
  asio::io_context io{1};
  mutable std::mutex mutex;
  Totals seen;
  std::map<std::string, Sighting> sightings;
  std::optional<Mono> first_failure;
  std::thread thread;
};

DemoLoad::DemoLoad(const Address& to, std::uint32_t connections, std::uint32_t per_second)
    : state_(std::make_unique<State>(to, Millis{1000 * connections / per_second})) {
  for (std::uint32_t i = 0; i < connections; ++i) {
    asio::awaitable<void> client = state_->client(state_->pause_ * i / connections);
    asio::co_spawn(state_->io, std::move(client), asio::detached);
  }
  state_->thread = std::thread([this] { state_->io.run(); });
}

DemoLoad::~DemoLoad() {
  stop();
}

void DemoLoad::stop() {
  state_->io.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

DemoLoad::Totals DemoLoad::totals() const {
  const std::lock_guard lock(state_->mutex);
  return state_->seen;
}

std::optional<DemoLoad::Sighting> DemoLoad::sighting(const std::string& revision) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->sightings.find(revision);
  if (found == state_->sightings.end()) return std::nullopt;
  return found->second;
}

std::optional<Mono> DemoLoad::first_failure() const {
  const std::lock_guard lock(state_->mutex);
  return state_->first_failure;
}

}  // namespace teal::app
