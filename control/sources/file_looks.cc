#include "control/sources/file_looks.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <boost/asio/io_context.hpp>

namespace teal::control {

FileLooks::FileLooks(boost::asio::io_context& io, unsigned user, Report report, Millis look_every)
    : notifier_(io),
      regular_(io),
      settled_(io),
      user_(user),
      report_(std::move(report)),
      look_every_(look_every) {}

void FileLooks::watch(const std::vector<WatchedSource>& sources) {
  std::vector<FileLook> next;
  std::vector<std::size_t> added;
  for (const WatchedSource& source : sources) {
    if (source.source.kind != config::DiscoverSource::Kind::file) continue;
    const auto same = std::ranges::find(looks_, source, &FileLook::source);
    if (same == looks_.end()) added.push_back(next.size());
    next.push_back(same == looks_.end() ? FileLook(source, user_) : *same);
  }
  looks_ = std::move(next);
  std::erase_if(folders_, [&](const auto& folder) {
    if (std::ranges::find(looks_, folder.first, &FileLook::folder) != looks_.end()) return false;
    ::inotify_rm_watch(notifier_.native_handle(), folder.second);
    return true;
  });
  open_notifier();
  watch_folders();
  for (const std::size_t each : added) report_(looks_[each].look());
  if (!std::exchange(is_looking_regularly_, true)) await_regular_look();
}

void FileLooks::await_regular_look() {
  regular_.expires_after(look_every_);
  regular_.async_wait([this](const boost::system::error_code& ec) {
    if (ec) return;
    watch_folders();
    for (FileLook& look : looks_) report_(look.look());
    await_regular_look();
  });
}

/// Without one there are the regular looks.
void FileLooks::open_notifier() {
  if (notifier_.is_open()) return;
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) return;
  notifier_.assign(fd);
  await_events();
}

void FileLooks::await_events() {
  notifier_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& ec) {
                         if (ec) return;
                         read_events();
                         await_events();
                       });
}

void FileLooks::read_events() {
  constexpr std::size_t kRoom = 16 * 1024;
  alignas(inotify_event) std::array<char, kRoom> room{};
  while (true) {
    const ssize_t got = ::read(notifier_.native_handle(), room.data(), room.size());
    if (got <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event{};
      std::memcpy(&event, room.data() + at, sizeof event);
      at += sizeof event + event.len;
      for (auto& [folder, number] : folders_) {
        const bool is_lost = (event.mask & IN_Q_OVERFLOW) != 0;
        if (number != event.wd && !is_lost) continue;
        touched_.insert(folder);
        if ((event.mask & IN_IGNORED) != 0) number = -1;  // The folder has gone.
      }
    }
  }
  if (touched_.empty() || std::exchange(is_settling_, true)) return;
  settled_.expires_after(kSettle);
  settled_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) look_at_touched();
  });
}

void FileLooks::watch_folders() {
  constexpr std::uint32_t kEvents =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB;
  if (!notifier_.is_open()) return;
  for (const FileLook& look : looks_) {
    int& number = folders_.try_emplace(look.folder(), -1).first->second;
    if (number < 0)
      number = ::inotify_add_watch(notifier_.native_handle(), look.folder().c_str(), kEvents);
  }
}

void FileLooks::look_at_touched() {
  const std::set<std::string> touched = std::exchange(touched_, {});
  is_settling_ = false;
  watch_folders();
  for (FileLook& look : looks_)
    if (touched.contains(look.folder())) report_(look.look());
}

}  // namespace teal::control
