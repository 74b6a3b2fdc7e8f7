#include "control/admin/server.h"

#include <netinet/in.h>
#include <sys/stat.h>

#include <cstring>
#include <map>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "control/admin/connections.h"
#include "control/admin/session.h"
#include "net/io/asio_endpoint.h"
#include "net/io/socket_file.h"

namespace teal::control {
namespace {

namespace asio = boost::asio;
using Protocol = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Protocol>;
using boost::system::error_code;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr Millis kPauseAfterFailure{100};
constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
/// Taken at a time: one per turn of a loop in which hundreds of busy connections have theirs would
/// keep a probe waiting behind whoever connected before it.
constexpr int kAcceptsAtATime = 32;

Error cannot_listen(const Address& address, const std::string& why, const std::string& remedy) {
  return Error{Source::config, "the control API cannot listen on " + to_string(address) + ": " +
                                   why + (remedy.empty() ? "" : "; " + remedy)};
}

std::uint16_t bound_port(const Acceptor& acceptor) {
  error_code failed;
  const Protocol::endpoint local = acceptor.local_endpoint(failed);
  if (failed) return 0;
  sockaddr_in6 ip6{};  // Both have the port at the same place.
  std::memcpy(&ip6, local.data(), std::min(sizeof ip6, local.size()));
  return ntohs(ip6.sin6_port);
}

}  // namespace

struct AdminServer::State : std::enable_shared_from_this<AdminServer::State> {
  State(asio::io_context& context, AdminApi& handler, Log& sink, const Address& where,
        const AdminLimits& bounds, Tls secure)
      : io(context),
        api(handler),
        log(sink),
        address(where),
        limits(bounds),
        tls(std::move(secure)),
        acceptor(context),
        pause(context) {}

  Result<void> listen();
  asio::awaitable<void> accept_all(std::shared_ptr<State> self);
  void accept_more();
  void admit(Protocol::socket socket);
  void close_acceptor();
  void report_end();
  void evict(AdminPlaces::Id id);

  asio::io_context& io;
  AdminApi& api;
  Log& log;
  Address address;
  AdminLimits limits;
  Tls tls;
  net::SocketFile file;
  Acceptor acceptor;
  asio::steady_timer pause;
  /// Shared with the sessions: their coroutines may end after us.
  std::shared_ptr<AdminPlaces> places;
  std::map<AdminPlaces::Id, std::shared_ptr<AdminSession>> sessions;
  std::function<void()> stopped;
};

Result<void> AdminServer::State::listen() {
  const bool is_local = address.kind == Address::Kind::unix_socket;
  if (is_local) {
    if (const Result<void> cleared = net::clear_stale_socket(address.host); !cleared)
      return Error{Source::config, "the control API cannot listen: " + cleared.error().message()};
  }
  error_code failed;
  const Protocol::endpoint endpoint = net::to_asio_endpoint(address).value();
  acceptor.open(endpoint.protocol(), failed);
  if (!failed && !is_local) acceptor.set_option(asio::socket_base::reuse_address(true), failed);
  // Accepted sockets have it from here. The end of an answer would otherwise wait for the client's
  // word that it has the beginning, which a client gives 40 ms late.
  if (!failed && !is_local) acceptor.set_option(asio::ip::tcp::no_delay(true), failed);
  if (!failed && is_local) net::limit_socket_mode(acceptor.native_handle(), kOwnerOnly);
  if (!failed) acceptor.bind(endpoint, failed);
  if (failed)
    return cannot_listen(
        address, failed.message(),
        failed == asio::error::address_in_use
            ? "is another Teal running (ss -ltnp names it)? Stop it or choose another "
              "admin.address"
            : "choose another admin.address");
  // Between bind and listen nobody can connect, so there is no moment with looser permissions.
  if (is_local) file = net::SocketFile(address.host);
  if (is_local && !net::set_socket_mode(address.host, kOwnerOnly))
    return cannot_listen(address, std::strerror(errno), "");
  acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (!failed) acceptor.non_blocking(true, failed);
  if (failed) return cannot_listen(address, failed.message(), "");
  if (!is_local) address.port = bound_port(acceptor);
  return {};
}

asio::awaitable<void> AdminServer::State::accept_all(std::shared_ptr<State> self) {
  while (self->acceptor.is_open()) {
    auto [failed, socket] = co_await self->acceptor.async_accept(kTuple);
    if (!self->acceptor.is_open()) break;
    if (!failed) {
      self->admit(std::move(socket));
      self->accept_more();
      continue;
    }
    self->log.warning("the control API cannot accept a connection", {{"why", failed.message()}});
    self->pause.expires_after(kPauseAfterFailure);
    [[maybe_unused]] const auto [interrupted] = co_await self->pause.async_wait(kTuple);
  }
}

void AdminServer::State::accept_more() {
  for (int i = 1; i < kAcceptsAtATime; ++i) {
    error_code nobody;
    Protocol::socket socket(io);
    acceptor.accept(socket, nobody);
    if (nobody) return;  // A failure comes again, and is told, where one is waited for.
    admit(std::move(socket));
  }
}

void AdminServer::State::admit(Protocol::socket socket) {
  error_code gone;
  const Protocol::endpoint peer = socket.remote_endpoint(gone);
  if (gone) return;  // It has been reset already.
  const std::string client = admin_client(peer.data(), peer.size());
  const AdminPlaces::Id id = places->admit(client);
  auto session = std::make_shared<AdminSession>(
      std::move(socket), AdminSession::Guest{api, places, id, client, address}, limits,
      tls ? tls() : nullptr);
  sessions.emplace(id, session);
  asio::co_spawn(io, session->serve(session),
                 [weak = weak_from_this(), id](const std::exception_ptr& thrown) {
                   TEAL_ASSERT(thrown == nullptr);
                   const auto self = weak.lock();
                   if (!self) return;
                   self->places->leave(id);
                   self->sessions.erase(id);
                   self->report_end();
                 });
}

void AdminServer::State::evict(AdminPlaces::Id id) {
  if (const auto found = sessions.find(id); found != sessions.end()) found->second->evict();
}

void AdminServer::State::close_acceptor() {
  if (!acceptor.is_open()) return;
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  file.remove();
}

void AdminServer::State::report_end() {
  if (acceptor.is_open() || !sessions.empty() || !stopped) return;
  const std::function<void()> done = std::exchange(stopped, nullptr);
  done();
}

Result<std::unique_ptr<AdminServer>> AdminServer::start(asio::io_context& io, AdminApi& api,
                                                        Log& log, const Address& address,
                                                        const AdminLimits& limits, Tls tls) {
  auto state = std::make_shared<State>(io, api, log, address, limits, std::move(tls));
  if (const Result<void> listening = state->listen(); !listening) return listening.error();
  state->places =
      std::make_shared<AdminPlaces>(limits, [weak = std::weak_ptr(state)](AdminPlaces::Id id) {
        if (const auto self = weak.lock()) self->evict(id);
      });
  asio::co_spawn(io, state->accept_all(state), asio::detached);
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(state)));
}

AdminServer::AdminServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

AdminServer::~AdminServer() {
  state_->stopped = nullptr;
  state_->close_acceptor();
  for (const auto& [id, session] : state_->sessions) session->abort();
}

const Address& AdminServer::address() const {
  return state_->address;
}

std::size_t AdminServer::connections() const {
  return state_->sessions.size();
}

std::vector<MetricSample> AdminServer::metrics() const {
  return state_->places->metrics();
}

void AdminServer::stop(std::function<void()> done) {
  state_->stopped = std::move(done);
  state_->close_acceptor();
  for (const auto& [id, session] : state_->sessions) session->finish();
  state_->report_end();
}

}  // namespace teal::control
