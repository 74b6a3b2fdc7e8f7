#include "app/client/event_parser.h"

namespace teal::app {

bool EventParser::feed(std::string_view bytes,
                       const std::function<bool(const ServerEvent&)>& take) {
  rest_ += bytes;
  std::size_t start = 0;
  for (std::size_t end = rest_.find('\n'); end != std::string::npos;
       end = rest_.find('\n', start)) {
    if (!line(std::string_view(rest_).substr(start, end - start), take)) return false;
    start = end + 1;
  }
  rest_.erase(0, start);
  is_overrun_ = rest_.size() + event_.data.size() > kMaxBytes;
  return !is_overrun_;
}

bool EventParser::line(std::string_view text, const std::function<bool(const ServerEvent&)>& take) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) {
    const bool complete = !event_.data.empty();
    const ServerEvent event = event_;
    event_ = {};
    return !complete || take(event);
  }
  if (text == ": live") {
    ServerEvent mark;
    mark.is_live_mark = true;
    return take(mark);
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, colon);
  std::string_view value = text.substr(std::min(colon + 1, text.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "id") event_.id = value;
  if (name == "event") event_.type = value;
  if (name == "data") {
    if (!event_.data.empty()) event_.data += '\n';
    event_.data += value;
  }
  return true;
}

}  // namespace teal::app
