// `teal status` and `teal events`: what is, and what happens, across restarts of Teal.
#include <algorithm>
#include <ostream>
#include <utility>

#include <boost/json.hpp>

#include "app/client/all_services.h"
#include "app/client/client.h"
#include "app/client/exit_code.h"
#include "app/client/reconnect.h"
#include "app/view/json_at.h"
#include "app/view/status.h"
#include "base/printable.h"

namespace teal::app {
namespace {

namespace json = boost::json;

constexpr Millis kRedraw{1000};
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kClear = "\x1b[2J";
constexpr std::string_view kClearRest = "\x1b[J";
constexpr std::string_view kClearLine = "\x1b[K";
constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";

/// Each line clears what an earlier, longer one left behind it.
std::string redrawn(const std::string& frame) {
  std::string out(kHome);
  for (const char c : frame) {
    if (c == '\n') out += kClearLine;
    out += c;
  }
  return out += kClearRest;
}

/// What Teal no longer has of the events before the next one.
std::string render_gap(const json::object& gap) {
  const auto missed = number_at(gap, "missed");
  if (!missed)
    return "(events are missing here, nobody can tell how many: Teal was cut off, or has another "
           "store)";
  const auto count = static_cast<long long>(*missed);
  return "(" + std::to_string(count) + (count == 1 ? " event is" : " events are") +
         " missing here: Teal no longer has them)";
}

std::string render_event(const ServerEvent& event, const json::object& data) {
  if (event.type == "gap") return render_gap(data);
  const std::string service = text_at(data, "service");
  const std::string deployment = text_at(data, "deployment");
  return text_at(data, "at") + "  " + printable(event.type) +
         (service.empty() ? "" : "  " + service) + (deployment.empty() ? "" : "  " + deployment) +
         "  " + text_at(data, "text");
}

}  // namespace

/// The whole status as text: of one service, or of all.
std::optional<std::string> Client::frame(const std::string& service, const std::string& answer) {
  if (prints_json_) return printable_json(answer);
  const std::optional<json::object> object = parse_object(answer);
  if (!object) {
    fail("what answers at " + to_string(admin_.address()) + " is not Teal");
    return std::nullopt;
  }
  if (!service.empty()) return render_service(*object, style(5));
  std::string text;
  if (const json::array* list = array_at(*object, "services"))
    for (const json::value& one : *list)
      if (one.is_object())
        text += (text.empty() ? "" : "\n") + render_service(one.get_object(), style(5));
  return text.empty() ? "no service is configured\n" : text;
}

int Client::status(const std::string& service, bool watch) {
  const bool in_place = terminal_.is_tty && !prints_json_ && watch;
  Reconnect reconnect(terminal_);
  bool drawn = false;
  int code = kSuccess;
  while (true) {
    const auto ask = [&](const std::string& path) {
      return admin_.within(drawn ? kLookLimit : kQuestionLimit).send("GET", path);
    };
    const Result<AdminAnswer> answer =
        service.empty() ? ask_for_all_services(ask) : ask("/v1/services/" + path_segment(service));
    if (drawn && (!answer || answer->status >= 500)) {
      if (!reconnect.lost(answer ? "Teal answers with an error" : answer.error().message())) break;
      continue;
    }
    if (!answer) return unreachable(answer.error(), false);
    code = answer->status >= 400 ? report_problem(*answer) : kSuccess;
    const auto text = code == kSuccess ? frame(service, answer->body) : std::nullopt;
    if (!text) code = failure_;
    if (!text) break;
    reconnect.back();
    if (in_place && !drawn) terminal_.out << kHideCursor << kClear;
    drawn = true;
    terminal_.out << (in_place ? redrawn(*text) : *text) << std::flush;
    if (!watch || !terminal_.out || !terminal_.pause(kRedraw)) break;
  }
  if (in_place && drawn) terminal_.out << kShowCursor << std::flush;
  return code;
}

int Client::events(bool follow, const std::string& since) {
  Reconnect reconnect(terminal_);
  std::string last = since;
  bool was_live = false;
  const auto take = [&](const ServerEvent& event) {
    if (event.is_live_mark) {
      was_live = true;
      reconnect.back();
      return follow;
    }
    if (!event.id.empty()) last = event.id;
    const std::optional<json::object> data = parse_object(event.data);
    terminal_.out << (prints_json_ || !data ? printable_json(event.data)
                                            : render_event(event, *data))
                  << '\n'
                  << std::flush;
    return terminal_.out.good();  // Nobody reads on where it cannot be written.
  };
  using Until = AdminClient::Until;
  while (true) {
    const Result<AdminAnswer> ended =
        admin_.within(kQuestionLimit)
            .follow_events(last, follow ? Until::stopped : Until::retained, take);
    const bool may_return = follow && was_live;
    if (ended && ended->status == 200) return kSuccess;
    if (ended && !(may_return && ended->status >= 500)) return report_problem(*ended);
    if (!ended && !(may_return && ended.error().retry_safe()))
      return unreachable(ended.error(), false);
    if (!reconnect.lost(ended ? "Teal refuses the stream of events" : ended.error().message()))
      return kSuccess;
    // Reading events waits for ever, and nobody else would take Ctrl-C meanwhile.
    if (terminal_.unblock) terminal_.unblock();
  }
}

}  // namespace teal::app
