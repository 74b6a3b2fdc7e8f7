// EventStream: one subscriber of GET /v1/events. Takes announcements as they are made, as text of
// server-sent events (WHATWG HTML, section 9.2), until the server writes them. A subscriber that
// reads too slowly is dropped, not waited for: it comes back with Last-Event-ID.
//
// Control thread. Does not write to the socket and sends no heartbeats: the server does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "control/deploy/commands.h"

namespace teal::control {

class EventStream {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{1024} * 1024;

  /// Announcements later than `after`, with an event `gap` before them where some are missing or
  /// nobody can tell (an id of another store, or of a process that was cut off); nothing retained
  /// is sent for an empty one, everything without a gap for number 0 of no store.
  static std::shared_ptr<EventStream> open(Commands& commands, std::optional<EventId> after);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// What has come since the last call.
  std::string take();
  bool is_empty() const { return pending_.empty(); }
  /// True once the subscriber was too slow: what is pending is incomplete, close the connection.
  bool is_overrun() const { return is_overrun_; }
  /// Called when something is to be taken or the stream is overrun; replaces the one before.
  void on_ready(std::function<void()> ready) { ready_ = std::move(ready); }

 private:
  explicit EventStream(Commands& commands) : commands_(commands) {}
  void replay(const EventId& after);
  void push(const Announcement& announcement);

  Commands& commands_;
  std::uint64_t token_ = 0;
  std::string pending_;
  bool is_overrun_ = false;
  std::function<void()> ready_;
};

/// "id: 3f9a01bc-7\nevent: split.changed\ndata: {...}\n\n"
std::string to_event(const Announcement& announcement);

}  // namespace teal::control
