#include "net/reactor.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace teal::net {
namespace {

int make_epoll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  TEAL_ASSERT(fd >= 0);
  return fd;
}

}  // namespace

Reactor::Reactor(boost::asio::io_context& io, Hooks hooks)
    : epoll_(io, make_epoll()), hooks_(std::move(hooks)) {}

Reactor::~Reactor() = default;

void Reactor::start() {
  wait();
}

void Reactor::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  epoll_.cancel(ignored);
}

void Reactor::wait() {
  epoll_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](const boost::system::error_code& ec) {
                      if (ec || stopped_) return;
                      turn();
                      if (!stopped_) wait();
                    });
}

void Reactor::turn() {
  int rounds = 0;
  do {
    hooks_.before_turn();
    fetched_ = ::epoll_wait(epoll_.native_handle(), events_.data(), kBatch, 0);
    for (next_ = 0; next_ < fetched_;) {
      const epoll_event& event = events_[static_cast<std::size_t>(next_++)];
      if (event.data.ptr == nullptr) continue;  // removed since it was fetched
      const boost::intrusive_ptr<Watcher> watcher(static_cast<Watcher*>(event.data.ptr));
      const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
      const bool ended = broken || (event.events & EPOLLRDHUP) != 0;
      watcher->on_ready({.read = ended || (event.events & EPOLLIN) != 0,
                         .write = broken || (event.events & EPOLLOUT) != 0,
                         .ended = ended,
                         .broken = broken});
      hooks_.after_each();
    }
  } while (fetched_ >= kBusy && ++rounds < kRounds && !stopped_);
  fetched_ = 0;
  hooks_.after_turn();
}

Result<void> Reactor::add(int fd, Watcher& watcher) {
  return add(fd, watcher, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

Result<void> Reactor::add_listener(int fd, Watcher& watcher, bool exclusive) {
  return add(fd, watcher, EPOLLIN | (exclusive ? EPOLLEXCLUSIVE : 0U));
}

Result<void> Reactor::add(int fd, Watcher& watcher, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watcher;
  if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0)
    return Error{Source::internal, std::string("cannot watch a socket: ") + std::strerror(errno)};
  intrusive_ptr_add_ref(&watcher);
  return {};
}

void Reactor::remove(int fd, Watcher& watcher) {
  ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, fd, nullptr);
  for (int i = next_; i < fetched_; ++i) {
    auto& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &watcher) event.data.ptr = nullptr;
  }
  intrusive_ptr_release(&watcher);
}

}  // namespace teal::net
