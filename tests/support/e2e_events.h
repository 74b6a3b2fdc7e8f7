// Events: a subscriber of GET /v1/events. Keeps everything that has come, and waits for more.
//
// One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/e2e_wire.h"

namespace teal::e2e {

struct Event {
  std::string type, text;
};

class Events {
 public:
  /// Subscribes; returns when the stream is live.
  explicit Events(const Address& admin);

  /// Waits for an event of that type after the ones that earlier calls waited for.
  bool await(std::string_view type, Deadline deadline = Deadline{});
  /// Waits until so many have come in all.
  bool await_count(std::size_t count, Deadline deadline = Deadline{});
  /// Everything that was still on its way when the other side ended.
  void read_to_end();
  const std::vector<Event>& all() const { return events_; }
  std::string text() const;

 private:
  bool more(Deadline deadline);
  void parse();

  Wire wire_;
  std::string buffer_;
  std::size_t parsed_ = 0;
  std::size_t awaited_ = 0;
  std::vector<Event> events_;
};

}  // namespace teal::e2e
