#include "net/io/reactor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace teal::net {

Reactor::Reactor(Hooks hooks)
    : hooks_(std::move(hooks)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  TEAL_ASSERT(epoll_ >= 0 && wake_fd_ >= 0);
  // Edge-triggered, so that each ring is an event and nobody need read the counter.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = this;
  const int status = ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_fd_, &event);
  TEAL_ASSERT(status == 0);
}

Reactor::~Reactor() {
  ::close(wake_fd_);
  ::close(epoll_);
}

void Reactor::turn(Millis at_most) {
  fetched_ = ::epoll_wait(epoll_, events_.data(), kBatch, static_cast<int>(at_most.count()));
  // Below zero: the process was stopped meanwhile (signal(7)), and nothing was fetched.
  is_drained_ = fetched_ >= 0 && fetched_ < kBatch;
  hooks_.before_turn();
  for (next_ = 0; next_ < fetched_;) {
    const epoll_event& event = events_[static_cast<std::size_t>(next_++)];
    if (event.data.ptr == nullptr) continue;  // removed since it was fetched
    if (event.data.ptr == this) {
      on_woken();
      continue;
    }
    const boost::intrusive_ptr<EventHandler> handler(static_cast<EventHandler*>(event.data.ptr));
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    const bool ended = broken || (event.events & EPOLLRDHUP) != 0;
    handler->on_ready({.read = ended || (event.events & EPOLLIN) != 0,
                       .write = broken || (event.events & EPOLLOUT) != 0,
                       .ended = ended,
                       .broken = broken});
    hooks_.after_each();
  }
  fetched_ = 0;
  hooks_.after_turn();
}

void Reactor::wake() {
  // Who finds it rung is heard as well: on_woken() has not begun yet.
  if (is_wake_pending_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  const ssize_t wrote = ::write(wake_fd_, &one, sizeof one);
  TEAL_ASSERT(wrote == sizeof one);
}

void Reactor::on_woken() {
  is_wake_pending_.exchange(false, std::memory_order_acq_rel);
  hooks_.woken();
  hooks_.after_each();
}

Result<void> Reactor::add(int fd, EventHandler& handler) {
  return add(fd, handler, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

Result<void> Reactor::add_listener(int fd, EventHandler& handler, bool exclusive) {
  return add(fd, handler, EPOLLIN | (exclusive ? EPOLLEXCLUSIVE : 0U));
}

Result<void> Reactor::add(int fd, EventHandler& handler, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &handler;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0)
    return Error{Source::internal, std::string("cannot watch a socket: ") + std::strerror(errno)};
  intrusive_ptr_add_ref(&handler);
  return {};
}

void Reactor::remove(int fd, EventHandler& handler) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  forget(handler);
}

void Reactor::remove_closed(EventHandler& handler) {
  forget(handler);
}

void Reactor::forget(EventHandler& handler) {
  for (int i = next_; i < fetched_; ++i) {
    auto& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &handler) event.data.ptr = nullptr;
  }
  intrusive_ptr_release(&handler);
}

}  // namespace teal::net
