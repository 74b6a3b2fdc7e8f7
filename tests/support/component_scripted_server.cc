#include "tests/support/component_scripted_server.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/io/asio_endpoint.h"

namespace teal::test {

namespace asio = boost::asio;
using Protocol = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Protocol>;

namespace {

constexpr auto kCompletion = asio::as_tuple(asio::use_awaitable);

std::uint16_t port_of(const Acceptor& acceptor) {
  asio::ip::tcp::endpoint bound;
  const Protocol::endpoint local = acceptor.local_endpoint();
  std::memcpy(bound.data(), local.data(), local.size());
  return bound.port();
}

struct Session {
  explicit Session(Protocol::socket accepted)
      : socket(std::move(accepted)), timer(socket.get_executor()) {}

  Protocol::socket socket;
  asio::steady_timer timer;
  std::string input;
  Reply reply;
  bool held = false;
};

}  // namespace

struct ScriptedServer::State {
  State(asio::io_context& io, Script what, const Address& where)
      : script(std::move(what)), address(where), acceptor(io) {
    const Protocol::endpoint endpoint = net::to_asio_endpoint(where).value();
    acceptor.open(endpoint.protocol());
    acceptor.bind(endpoint);
    acceptor.listen();
    if (address.kind != Address::Kind::unix_socket) address.port = port_of(acceptor);
  }

  static asio::awaitable<void> accept(std::shared_ptr<State> state);
  static asio::awaitable<void> serve(std::shared_ptr<State> state,
                                     std::shared_ptr<Session> session);
  static asio::awaitable<void> write(std::shared_ptr<Session> session);

  Script script;
  Address address;
  Acceptor acceptor;
  std::vector<std::shared_ptr<Session>> sessions;
  std::vector<std::string> requests;
};

asio::awaitable<void> ScriptedServer::State::accept(std::shared_ptr<State> state) {
  for (;;) {
    auto [error, socket] = co_await state->acceptor.async_accept(kCompletion);
    if (error || !state->acceptor.is_open()) co_return;
    const auto session = std::make_shared<Session>(std::move(socket));
    session->reply = state->script(state->sessions.size());
    state->sessions.push_back(session);
    asio::co_spawn(session->socket.get_executor(), serve(state, session), asio::detached);
  }
}

asio::awaitable<void> ScriptedServer::State::serve(std::shared_ptr<State> state,
                                                   std::shared_ptr<Session> session) {
  auto input = asio::dynamic_buffer(session->input);
  const auto [error, size] =
      co_await asio::async_read_until(session->socket, input, "\r\n\r\n", kCompletion);
  if (error) co_return;
  state->requests.push_back(session->input.substr(0, size));
  co_await write(session);
  if (session->reply.then == Reply::Then::close)
    session->socket.close();
  else
    session->held = true;
}

asio::awaitable<void> ScriptedServer::State::write(std::shared_ptr<Session> session) {
  const Reply& reply = session->reply;
  const bool is_slow = reply.pause.count() > 0;
  const std::size_t step = is_slow ? 1 : std::max<std::size_t>(reply.bytes.size(), 1);
  for (std::size_t at = 0; at < reply.bytes.size(); at += step) {
    if (is_slow) {
      session->timer.expires_after(reply.pause);
      const auto [late] = co_await session->timer.async_wait(kCompletion);
      if (late) co_return;
    }
    const auto piece = asio::buffer(reply.bytes.data() + at, step);
    const auto [error, size] = co_await asio::async_write(session->socket, piece, kCompletion);
    if (error) co_return;
  }
}

Reply http_reply(int status, const std::string& body) {
  return {"HTTP/1.1 " + std::to_string(status) +
          " Whatever\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
}

Reply stall() {
  return {"", Reply::Then::hold};
}

ScriptedServer::ScriptedServer(asio::io_context& io, Script script, const Address& where)
    : state_(std::make_shared<State>(io, std::move(script), where)) {
  asio::co_spawn(io, State::accept(state_), asio::detached);
}

ScriptedServer::~ScriptedServer() {
  state_->acceptor.close();
  for (const auto& session : state_->sessions) {
    session->timer.cancel();
    session->socket.close();
  }
}

const Address& ScriptedServer::address() const {
  return state_->address;
}

std::size_t ScriptedServer::connections() const {
  return state_->sessions.size();
}

const std::vector<std::string>& ScriptedServer::requests() const {
  return state_->requests;
}

void ScriptedServer::release(const std::string& bytes) {
  for (const auto& session : state_->sessions) {
    if (!session->held) continue;
    session->held = false;
    // A few bytes always fit into the socket's buffer.
    boost::system::error_code ignored;
    asio::write(session->socket, asio::buffer(bytes), ignored);
    session->socket.close(ignored);
  }
}

bool run_until(asio::io_context& io, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    io.restart();
    io.run_one_until(deadline);
  }
  return true;
}

}  // namespace teal::test
