// The text form of events and actions, in which scenarios are written.
#include <array>
#include <charconv>
#include <optional>

#include "control/engine/protocol.h"

namespace teal::control {
namespace {

Error bad_event(std::string_view text) {
  return Error{Source::internal, "'" + std::string(text) + "' is not an event of a deployment"};
}

/// Cuts `prefix` off the front; false if it is not there.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

std::optional<Event> parse_word(std::string_view text) {
  if (text == "begin") return event::Begin{};
  if (text == "wake") return event::Wake{};
  if (text == "continue") return event::Proceed{};
  if (text == "pause") return event::Pause{};
  if (text == "promote") return event::Promote{};
  if (text == "stop") return event::Stop{};
  if (text == "resumed") return event::Resumed{};
  if (text == "evidence enough") return event::Evidence{};
  return std::nullopt;
}

/// "2 healthy 0 unhealthy 1 unknown", cut off the front.
template <class Counts>
bool take_counts(std::string_view& text, Counts& counts) {
  return take_number(text, counts.healthy) && take(text, " healthy ") &&
         take_number(text, counts.unhealthy) && take(text, " unhealthy ") &&
         take_number(text, counts.unknown) && take(text, " unknown");
}

template <class Counts>
std::string counts_text(const Counts& counts) {
  return std::to_string(counts.healthy) + " healthy " + std::to_string(counts.unhealthy) +
         " unhealthy " + std::to_string(counts.unknown) + " unknown";
}

std::optional<Event> parse_health(std::string_view text) {
  event::HealthChanged health;
  if (take_counts(text, health)) {
    if (text.empty()) return health;
    if (take(text, " ") && take_number(text, health.ejected) && text == " ejected") return health;
  }
  return std::nullopt;
}

std::optional<Event> parse_recounted(std::string_view text) {
  event::Recounted recounted;
  if (take_number(text, recounted.minimum) && text.empty()) return recounted;
  return std::nullopt;
}

std::optional<Event> parse_config(std::string_view text) {
  event::ConfigChanged changed;
  if (!take_number(text, changed.generation) || !take(text, " ") || text.empty())
    return std::nullopt;
  changed.digest = text;
  return changed;
}

std::optional<Event> parse_baseline(std::string_view text) {
  event::BaselineHealth health;
  if (!take_counts(text, health)) return std::nullopt;
  if (text.empty()) return health;
  const Result<Millis> lost = take(text, " for ") ? parse_duration(text) : Millis{0};
  if (!lost || lost->count() == 0) return std::nullopt;
  health.lost_for = *lost;
  return health;
}

std::optional<Event> parse_applied(std::string_view text) {
  event::SplitApplied applied;
  std::int64_t micros = 0;
  if (!take_number(text, applied.shift)) return std::nullopt;
  if (text.empty()) return applied;
  if (!take(text, " in ") || !take_number(text, micros) || text != "us") return std::nullopt;
  applied.took = Micros{micros};
  return applied;
}

std::optional<Event> parse_exposed(std::string_view text) {
  event::Exposed exposed;
  if (take_number(text, exposed.spent) && text.empty()) return exposed;
  return std::nullopt;
}

std::optional<Event> parse_alarm(std::string_view text) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  return event::AlarmBreached{std::string(text.substr(0, colon)),
                              std::string(text.substr(colon + 2))};
}

std::string targets_text(const std::vector<Address>& targets) {
  std::string text;
  for (const Address& target : targets) text += " " + to_string(target);
  return text;
}

}  // namespace

std::string to_string(const Event& event) {
  return std::visit(
      Overloaded{
          [](const event::Begin&) -> std::string { return "begin"; },
          [](const event::HealthChanged& e) -> std::string {
            return "health " + counts_text(e) +
                   (e.ejected > 0 ? " " + std::to_string(e.ejected) + " ejected" : "");
          },
          [](const event::Recounted& e) -> std::string {
            return "recounted " + std::to_string(e.minimum);
          },
          [](const event::ConfigChanged& e) -> std::string {
            return "config " + std::to_string(e.generation) + " " + e.digest;
          },
          [](const event::BaselineHealth& e) -> std::string {
            const std::string text = "baseline " + counts_text(e);
            return e.lost_for.count() == 0 ? text : text + " for " + format_duration(e.lost_for);
          },
          [](const event::SplitApplied& e) -> std::string {
            const std::string text = "applied " + std::to_string(e.shift);
            return e.took.count() == 0 ? text
                                       : text + " in " + std::to_string(e.took.count()) + "us";
          },
          [](const event::AlarmBreached& e) -> std::string {
            return "alarm " + e.name + ": " + e.why;
          },
          [](const event::Evidence& e) -> std::string {
            return e.missing.empty() ? "evidence enough" : "evidence missing: " + e.missing;
          },
          [](const event::Exposed& e) -> std::string {
            return "exposed " + std::to_string(e.spent);
          },
          [](const event::Wake&) -> std::string { return "wake"; },
          [](const event::Proceed& e) -> std::string {
            return e.why.empty() ? "continue" : "continue: " + e.why;
          },
          [](const event::Pause&) -> std::string { return "pause"; },
          [](const event::Promote&) -> std::string { return "promote"; },
          [](const event::Stop&) -> std::string { return "stop"; },
          [](const event::Rollback& e) -> std::string { return "rollback: " + e.why; },
          [](const event::Resumed&) -> std::string { return "resumed"; },
      },
      event);
}

Result<Event> parse_event(std::string_view text) {
  std::string_view rest = text;
  std::optional<Event> event = parse_word(text);
  if (event) return *event;
  if (take(rest, "exposed ")) {
    event = parse_exposed(rest);
    if (event) return *event;
  }
  rest = text;
  if (take(rest, "health "))
    event = parse_health(rest);
  else if (take(rest, "recounted "))
    event = parse_recounted(rest);
  else if (take(rest, "config "))
    event = parse_config(rest);
  else if (take(rest, "baseline "))
    event = parse_baseline(rest);
  else if (take(rest, "applied "))
    event = parse_applied(rest);
  else if (take(rest, "alarm "))
    event = parse_alarm(rest);
  else if (take(rest, "evidence missing: "))
    event = event::Evidence{std::string(rest)};
  else if (take(rest, "continue: "))
    event = event::Proceed{std::string(rest)};
  else if (take(rest, "rollback: "))
    event = event::Rollback{std::string(rest)};
  if (!event) return bad_event(text);
  return *event;
}

std::string to_string(const Action& action) {
  return std::visit(
      Overloaded{
          [](const action::RegisterTargets& a) -> std::string {
            return "register " + std::string(to_string(a.colour)) + " " + a.revision +
                   targets_text(a.targets);
          },
          [](const action::Publish& a) -> std::string {
            return "publish " + std::to_string(a.shift) + ": " + to_string(a.split) + ", " +
                   std::string(to_string(a.live)) + " is live";
          },
          [](const action::WakeAt& a) -> std::string {
            return "wake at " + format_duration(a.age);
          },
          [](const action::KeepOld& a) -> std::string {
            return "keep " + std::string(to_string(a.colour)) + " for " +
                   format_duration(a.duration);
          },
          [](const action::RetireGroup& a) -> std::string {
            return "retire " + std::string(to_string(a.colour));
          },
          [](const action::KeepFallback& a) -> std::string {
            return "keep " + std::string(to_string(a.colour)) + " as fallback until " +
                   std::string(to_string(other(a.colour))) + " has served for " +
                   format_duration(a.keep_old);
          },
          [](const action::OpenRollback& a) -> std::string {
            return "open rollback " + a.code + ": " + a.why;
          },
          [](const action::Announce& a) -> std::string { return "say " + a.type + ": " + a.text; },
          [](const action::Refuse& a) -> std::string {
            return "refuse: " + a.detail + " (" + a.remedy + ")";
          },
      },
      action);
}

}  // namespace teal::control
