#include "tests/support/e2e_events.h"

#include <stdexcept>

#include <boost/json.hpp>

namespace teal::e2e {

Events::Events(const Address& admin) : wire_(Wire::connect(admin)) {
  wire_.send("GET /v1/events HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n");
  const Deadline deadline;
  while (buffer_.find(": live") == std::string::npos)
    if (wire_.read(buffer_, deadline) != Arrival::bytes)
      throw std::runtime_error("no event stream: " + buffer_);
  parsed_ = buffer_.find(": live");
  parse();
}

void Events::parse() {
  // Each event is written as one piece: an event line, then its data, whatever frames them.
  while (true) {
    const std::size_t event = buffer_.find("event: ", parsed_);
    const std::size_t data = buffer_.find("\ndata: ", event);
    const std::size_t end = data == std::string::npos ? data : buffer_.find("\n\n", data);
    if (event == std::string::npos || end == std::string::npos) return;
    Event one;
    one.type = buffer_.substr(event + 7, data - event - 7);
    boost::json::error_code failed;
    const auto value =
        boost::json::parse(std::string_view(buffer_).substr(data + 7, end - data - 7), failed);
    if (const auto* object = failed ? nullptr : value.if_object())
      if (const auto* text = object->if_contains("text"); text != nullptr && text->is_string())
        one.text = text->get_string().c_str();
    events_.push_back(std::move(one));
    parsed_ = end;
  }
}

bool Events::more(Deadline deadline) {
  const bool came = wire_.read(buffer_, deadline) == Arrival::bytes;
  parse();
  return came;
}

bool Events::await(std::string_view type, Deadline deadline) {
  while (true) {
    while (awaited_ < events_.size())
      if (events_[awaited_++].type == type) return true;
    if (!more(deadline)) return false;
  }
}

bool Events::await_count(std::size_t count, Deadline deadline) {
  while (events_.size() < count)
    if (!more(deadline)) return false;
  return true;
}

void Events::read_to_end() {
  const Deadline deadline;
  while (more(deadline)) {
  }
}

std::string Events::text() const {
  std::string out;
  for (const Event& event : events_) out += event.type + ": " + event.text + '\n';
  return out;
}

}  // namespace teal::e2e
