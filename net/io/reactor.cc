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
      bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  TEAL_ASSERT(epoll_ >= 0 && bell_ >= 0);
  // Edge-triggered, so that each ring is an event and nobody need read the counter.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = this;
  const int status = ::epoll_ctl(epoll_, EPOLL_CTL_ADD, bell_, &event);
  TEAL_ASSERT(status == 0);
}

Reactor::~Reactor() {
  ::close(bell_);
  ::close(epoll_);
}

void Reactor::turn(Millis at_most) {
  fetched_ = ::epoll_wait(epoll_, events_.data(), kBatch, static_cast<int>(at_most.count()));
  hooks_.before_turn();
  for (next_ = 0; next_ < fetched_;) {
    const epoll_event& event = events_[static_cast<std::size_t>(next_++)];
    if (event.data.ptr == nullptr) continue;  // removed since it was fetched
    if (event.data.ptr == this) {
      on_woken();
      continue;
    }
    const boost::intrusive_ptr<Watcher> watcher(static_cast<Watcher*>(event.data.ptr));
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    const bool ended = broken || (event.events & EPOLLRDHUP) != 0;
    watcher->on_ready({.read = ended || (event.events & EPOLLIN) != 0,
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
  if (rung_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  const ssize_t wrote = ::write(bell_, &one, sizeof one);
  TEAL_ASSERT(wrote == sizeof one);
}

void Reactor::on_woken() {
  rung_.exchange(false, std::memory_order_acq_rel);
  hooks_.woken();
  hooks_.after_each();
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
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0)
    return Error{Source::internal, std::string("cannot watch a socket: ") + std::strerror(errno)};
  intrusive_ptr_add_ref(&watcher);
  return {};
}

void Reactor::remove(int fd, Watcher& watcher) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  forget(watcher);
}

void Reactor::remove_closed(Watcher& watcher) {
  forget(watcher);
}

void Reactor::forget(Watcher& watcher) {
  for (int i = next_; i < fetched_; ++i) {
    auto& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &watcher) event.data.ptr = nullptr;
  }
  intrusive_ptr_release(&watcher);
}

}  // namespace teal::net
