#include "control/event_stream.h"

#include <utility>

#include <boost/json.hpp>

#include "control/json_text.h"
#include "control/report_json.h"

namespace teal::control {

std::string to_event(const Announcement& announcement) {
  return "id: " + std::to_string(announcement.sequence) + "\nevent: " + announcement.type +
         "\ndata: " + to_text(to_json(announcement)) + "\n\n";
}

std::shared_ptr<EventStream> EventStream::open(Commands& commands,
                                               std::optional<std::uint64_t> after) {
  std::shared_ptr<EventStream> stream(new EventStream(commands));
  if (after) stream->replay(*after);
  stream->pending_ += ": live\n\n";
  EventStream* const raw = stream.get();  // Unsubscribes before it goes.
  stream->token_ =
      commands.subscribe([raw](const Announcement& announcement) { raw->push(announcement); });
  return stream;
}

EventStream::~EventStream() {
  commands_.unsubscribe(token_);
}

void EventStream::replay(std::uint64_t after) {
  const auto& retained = commands_.announcements();
  if (retained.empty()) return;
  if (after > retained.back().sequence) after = 0;
  if (after != 0 && retained.front().sequence > after + 1)
    pending_ +=
        "event: gap\ndata: {\"missed\":" + std::to_string(retained.front().sequence - after - 1) +
        "}\n\n";
  for (const Announcement& announcement : retained)
    if (announcement.sequence > after) pending_ += to_event(announcement);
}

void EventStream::push(const Announcement& announcement) {
  if (overrun_) return;
  std::string event = to_event(announcement);
  if (pending_.size() + event.size() > kMaxBytes) {
    overrun_ = true;
  } else {
    pending_ += event;
  }
  if (ready_) ready_();
}

std::string EventStream::take() {
  return std::exchange(pending_, std::string());
}

}  // namespace teal::control
