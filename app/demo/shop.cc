#include "app/demo/shop.h"

#include <unistd.h>

#include <array>
#include <iostream>
#include <memory>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/rng.h"

namespace teal::app {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::array<std::pair<const char*, int>, 3> kProducts{
    {{"teapot", 2400}, {"kettle", 3900}, {"cup", 800}}};

class Shop {
 public:
  Shop(asio::io_context& io, const ShopOptions& options) : io_(io), options_(options) {}

  asio::awaitable<void> accept(asio::ip::tcp::acceptor acceptor) {
    while (true) {
      boost::system::error_code ec;
      auto token = asio::redirect_error(asio::use_awaitable, ec);
      asio::ip::tcp::socket socket = co_await acceptor.async_accept(token);
      if (ec) co_return;
      socket.set_option(asio::ip::tcp::no_delay(true), ec);
      asio::awaitable<void> session = serve(std::move(socket));
      asio::co_spawn(io_, std::move(session), asio::detached);
    }
  }

 private:
  asio::awaitable<void> serve(asio::ip::tcp::socket socket) {
    boost::beast::flat_buffer buffer;
    boost::system::error_code ec;
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    while (true) {
      Request request;
      co_await http::async_read(socket, buffer, request, token);
      if (ec) co_return;
      const bool is_probe = request.target() == "/healthz";
      if (!is_probe && options_.slow.count() > 0) {
        asio::steady_timer timer(io_, options_.slow);
        co_await timer.async_wait(token);
      }
      const Response response = answer(request, is_probe);
      co_await http::async_write(socket, response, token);
      if (ec || response.need_eof()) co_return;
    }
  }

  Response answer(const Request& request, bool is_probe) {
    Response response(http::status::ok, request.version());
    response.keep_alive(request.keep_alive());
    response.set("x-revision", options_.revision);
    if (is_probe) {
      response.set(http::field::content_type, "text/plain");
      response.body() = "ok\n";
    } else if (rng_.below(100) < options_.fail_percent) {
      // Whoever asks again loses nothing: that is for Teal's shield.
      response.result(http::status::service_unavailable);
      response.set(http::field::content_type, "text/plain");
      response.body() = "the till is broken\n";
    } else {
      const json::value page = find(request.target());
      if (page.is_null()) response.result(http::status::not_found);
      response.set(http::field::content_type, "application/json");
      response.body() = json::serialize(page) + "\n";
    }
    response.prepare_payload();
    return response;
  }

  json::value find(std::string_view target) const {
    if (target == "/") {
      json::array products;
      for (const auto& [name, cents] : kProducts)
        products.push_back({{"name", name}, {"cents", cents}});
      return {{"shop", "teal demo"}, {"revision", options_.revision}, {"products", products}};
    }
    if (!target.starts_with("/products/")) return nullptr;
    for (std::size_t i = 0; i < kProducts.size(); ++i)
      if (target.substr(10) == std::to_string(i + 1))
        return {{"name", kProducts.at(i).first}, {"cents", kProducts.at(i).second}};
    return nullptr;
  }

  asio::io_context& io_;
  const ShopOptions& options_;
  Rng rng_{static_cast<std::uint64_t>(::getpid())};
};

}  // namespace

int run_demo_shop(const ShopOptions& options) {
  asio::io_context io(1);
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  std::cout << "listening " << acceptor.local_endpoint().port() << "\n" << std::flush;
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](auto, int) { io.stop(); });
  asio::posix::stream_descriptor parent(io, ::dup(STDIN_FILENO));
  std::array<char, 64> ignored{};
  parent.async_read_some(asio::buffer(ignored), [&](auto, std::size_t) { io.stop(); });
  Shop shop(io, options);
  asio::awaitable<void> accepting = shop.accept(std::move(acceptor));
  asio::co_spawn(io, std::move(accepting), asio::detached);
  io.run();
  return 0;
}

}  // namespace teal::app
