#include "control/sources/ares_channel.h"

#include <ares.h>
#include <sys/time.h>

#include <map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace teal::control {
namespace {

using boost::asio::posix::stream_descriptor;

constexpr int kInternet = 1;

LookProblem problem_of(const Question& question, int status) {
  const std::string what = std::string(to_string(question.type)) + " of " + question.name + ": ";
  switch (status) {
    case ARES_ETIMEOUT: return {LookFault::timeout, what + "no resolver answered in time"};
    case ARES_ESERVFAIL:
      return {LookFault::server_failure, what + "the resolver failed (SERVFAIL)"};
    case ARES_EREFUSED: return {LookFault::refused, what + "the resolver refused (REFUSED)"};
    case ARES_ECONNREFUSED: return {LookFault::unreachable, what + "no resolver can be reached"};
    default: return {LookFault::malformed, what + ares_strerror(status)};
  }
}

/// A socket of c-ares' while it waits for it. It is c-ares that closes it.
struct Watched {
  Watched(boost::asio::io_context& io, int fd) : descriptor(io, fd) {}

  stream_descriptor descriptor;
  bool wants_read = false, wants_write = false;
  bool is_reading = false, is_writing = false;
  bool is_gone = false;
};

}  // namespace

struct AresChannel::State {
  explicit State(boost::asio::io_context& the_io)
      : io(the_io), timer(the_io), alive(std::make_shared<bool>(true)) {}
  ~State() {
    if (channel != nullptr) ares_destroy(channel);
    if (is_library_ready) ares_library_cleanup();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  struct Asked {
    State* state;
    Question question;
    Done done;
  };

  static void on_socket(void* state, ares_socket_t fd, int read, int write) {
    static_cast<State*>(state)->watch(fd, read != 0, write != 0);
  }
  static void on_reply(void* asked, int status, int timeouts, unsigned char* reply, int size);

  Result<void> open(Transport transport, const std::vector<Address>& resolvers, Millis timeout);
  void watch(int fd, bool wants_read, bool wants_write);
  void arm(const std::shared_ptr<Watched>& socket, int fd);
  void process(int readable, int writable);
  void set_timer();

  boost::asio::io_context& io;
  boost::asio::steady_timer timer;
  std::shared_ptr<bool> alive;  ///< For handlers that are on their way.
  bool is_library_ready = false;
  ares_channel channel = nullptr;
  std::map<int, std::shared_ptr<Watched>> sockets;
  std::size_t pending = 0;
};

Result<void> AresChannel::State::open(Transport transport, const std::vector<Address>& resolvers,
                                      Millis timeout) {
  const auto fail = [](const char* what, int status) {
    return Error{Source::internal, std::string(what) + ": " + ares_strerror(status)};
  };
  if (const int status = ares_library_init(ARES_LIB_INIT_ALL); status != ARES_SUCCESS)
    return fail("c-ares cannot begin", status);
  is_library_ready = true;
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
  options.flags |= transport == Transport::tcp ? ARES_FLAG_USEVC : ARES_FLAG_IGNTC;
  if (transport == Transport::plain) options.flags |= ARES_FLAG_NOCHECKRESP;
  options.timeout = static_cast<int>(timeout.count());
  options.tries = kTries;
  options.sock_state_cb = on_socket;
  options.sock_state_cb_data = this;
  constexpr int kGiven =
      ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  if (const int status = ares_init_options(&channel, &options, kGiven); status != ARES_SUCCESS)
    return fail("a channel of c-ares cannot be made", status);
  if (resolvers.empty()) return {};
  std::string list;
  for (const Address& address : resolvers) list += (list.empty() ? "" : ",") + to_string(address);
  if (const int status = ares_set_servers_ports_csv(channel, list.c_str()); status != ARES_SUCCESS)
    return fail("the resolvers cannot be used", status);
  return {};
}

void AresChannel::State::watch(int fd, bool wants_read, bool wants_write) {
  const auto found = sockets.find(fd);
  if (!wants_read && !wants_write) {
    if (found == sockets.end()) return;
    found->second->is_gone = true;
    found->second->descriptor.release();
    sockets.erase(found);
    return;
  }
  const std::shared_ptr<Watched> socket =
      found != sockets.end() ? found->second
                             : sockets.emplace(fd, std::make_shared<Watched>(io, fd)).first->second;
  socket->wants_read = wants_read;
  socket->wants_write = wants_write;
  arm(socket, fd);
}

void AresChannel::State::arm(const std::shared_ptr<Watched>& socket, int fd) {
  if (socket->wants_read && !std::exchange(socket->is_reading, socket->wants_read))
    socket->descriptor.async_wait(stream_descriptor::wait_read,
                                  [this, socket, fd](const boost::system::error_code& ec) {
                                    socket->is_reading = false;
                                    if (ec || socket->is_gone) return;
                                    process(fd, ARES_SOCKET_BAD);
                                    if (!socket->is_gone) arm(socket, fd);
                                  });
  if (socket->wants_write && !std::exchange(socket->is_writing, socket->wants_write))
    socket->descriptor.async_wait(stream_descriptor::wait_write,
                                  [this, socket, fd](const boost::system::error_code& ec) {
                                    socket->is_writing = false;
                                    if (ec || socket->is_gone) return;
                                    process(ARES_SOCKET_BAD, fd);
                                    if (!socket->is_gone) arm(socket, fd);
                                  });
}

void AresChannel::State::process(int readable, int writable) {
  ares_process_fd(channel, readable, writable);
  set_timer();
}

void AresChannel::State::set_timer() {
  timeval left{};
  const timeval* const next = ares_timeout(channel, nullptr, &left);
  if (next == nullptr) {
    timer.cancel();
    return;
  }
  // Not before it: c-ares would find that nothing is due yet.
  timer.expires_after(std::chrono::seconds{next->tv_sec} + Micros{next->tv_usec} + Millis{1});
  timer.async_wait([this, still = std::weak_ptr(alive)](const boost::system::error_code& ec) {
    if (!ec && !still.expired()) process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  });
}

void AresChannel::State::on_reply(void* asked, int status, int /*timeouts*/, unsigned char* reply,
                                  int size) {
  const std::unique_ptr<Asked> whole(static_cast<Asked*>(asked));
  --whole->state->pending;
  if (status == ARES_EDESTRUCTION) return;
  // What there is not has bytes too, that say why.
  if (reply != nullptr && size > 0)
    whole->done({reply, static_cast<std::size_t>(size)}, {});
  else
    whole->done({}, problem_of(whole->question, status));
}

AresChannel::AresChannel(std::unique_ptr<State> state) : state_(std::move(state)) {}

AresChannel::~AresChannel() = default;

Result<std::unique_ptr<AresChannel>> AresChannel::open(boost::asio::io_context& io,
                                                       Transport transport,
                                                       const std::vector<Address>& resolvers,
                                                       Millis timeout) {
  auto state = std::make_unique<State>(io);
  if (const Result<void> opened = state->open(transport, resolvers, timeout); !opened)
    return opened.error();
  return std::unique_ptr<AresChannel>(new AresChannel(std::move(state)));
}

void AresChannel::ask(const Question& question, Done done) {
  ++state_->pending;
  auto asked =
      std::make_unique<State::Asked>(State::Asked{state_.get(), question, std::move(done)});
  ares_query(state_->channel, question.name.c_str(), kInternet, static_cast<int>(question.type),
             State::on_reply, asked.release());
  state_->set_timer();
}

bool AresChannel::is_idle() const {
  return state_->pending == 0;
}

}  // namespace teal::control
