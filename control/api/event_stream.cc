#include "control/api/event_stream.h"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>

#include "control/json/text.h"
#include "control/report_json/report_json.h"

namespace teal::control {

std::string to_event(const Announcement& announcement) {
  return "id: " + to_string(announcement.id) + "\nevent: " + announcement.type +
         "\ndata: " + to_text(to_json(announcement)) + "\n\n";
}

std::shared_ptr<EventStream> EventStream::open(Commands& commands, std::optional<EventId> after) {
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

void EventStream::replay(const EventId& after) {
  const auto& retained = commands_.announcements();
  const auto seen = std::ranges::find(retained, after, &Announcement::id);
  const auto first = seen == retained.end() ? retained.begin() : seen + 1;
  const EventId next = retained.empty() ? commands_.last_event() : retained.front().id;
  // Without an announcement nothing is behind the last one; else the first retained is what comes
  // next.
  const std::uint64_t before = retained.empty() ? next.number : next.number - 1;
  const bool is_ours = after.store == next.store && after.number <= before;
  const bool wants_all = after == EventId{};
  if (seen == retained.end() && !wants_all && !(is_ours && after.number == before))
    pending_ += "event: gap\ndata: {\"missed\":" +
                (is_ours ? std::to_string(before - after.number) : std::string("null")) + "}\n\n";
  for (auto each = first; each != retained.end(); ++each) pending_ += to_event(*each);
}

void EventStream::push(const Announcement& announcement) {
  if (is_overrun_) return;
  std::string event = to_event(announcement);
  if (pending_.size() + event.size() > kMaxBytes) {
    is_overrun_ = true;
  } else {
    pending_ += event;
  }
  if (ready_) ready_();
}

std::string EventStream::take() {
  return std::exchange(pending_, std::string());
}

}  // namespace teal::control
