#include "app/view/status.h"

#include "app/view/config.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

#include <boost/json.hpp>

#include "app/view/alarms.h"
#include "app/view/discovery.h"
#include "app/view/evidence.h"
#include "app/view/json_at.h"
#include "app/view/page.h"
#include "app/view/text_table.h"
#include "base/time.h"

namespace teal::app {
namespace {

namespace json = boost::json;

constexpr std::string_view kNothing = "-";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";

std::string fixed(double number, int decimals) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", decimals, number);
  return std::string(text.data(), static_cast<std::size_t>(size));
}

std::string percent(const std::optional<double>& share) {
  return share ? fixed(*share * 100, 2) + "%" : std::string(kNothing);
}

std::string latency(const std::optional<double>& ms) {
  if (!ms) return std::string(kNothing);
  return *ms < 1000 ? fixed(*ms, 1) + "ms" : fixed(*ms / 1000, 2) + "s";
}

std::string or_nothing(const std::string& text) {
  return text.empty() ? std::string(kNothing) : text;
}

/// Whole seconds: a countdown that shows milliseconds is a blur.
std::string seconds_left(double ms) {
  const auto seconds = static_cast<std::int64_t>(std::ceil(ms / 1000));
  return format_duration(Millis{seconds * 1000});
}

/// The group that is being shipped is the release, until it is live.
std::string role_of(const std::string& colour, const json::object& group,
                    const json::object& service) {
  std::string role = text_at(group, "role");
  const json::object* running = object_at(service, "deployment");
  const bool is_shipped = running != nullptr && text_at(*running, "kind") == "deploy" &&
                          text_at(*running, "group") == colour;
  return is_shipped && role == "idle" ? "release" : role;
}

std::vector<std::string> group_row(const std::string& colour, const json::object& group,
                                   std::string role) {
  const auto count = [&](std::string_view key) {
    return fixed(number_at(group, key).value_or(0), 0);
  };
  return {colour,
          std::move(role),
          or_nothing(text_at(group, "revision")),
          count("targets_healthy") + "/" + count("targets_total"),
          text_at(group, "asked"),
          percent(number_at(group, "measured")),
          fixed(number_at(group, "requests_per_second").value_or(0), 1),
          percent(number_at(group, "error_rate")),
          latency(number_at(group, "p50_ms")),
          latency(number_at(group, "p99_ms"))};
}

void add_groups(Page& page, const json::object& service) {
  constexpr auto kLeft = Align::left;
  constexpr auto kRight = Align::right;
  TextTable table({kLeft, kLeft, kLeft, kRight, kRight, kRight, kRight, kRight, kRight, kRight});
  table.add({"GROUP", "ROLE", "REVISION", "HEALTHY", "ASKED", "MEASURED", "REQ/S", "ERRORS", "P50",
             "P99"});
  const json::object* groups = object_at(service, "groups");
  for (const std::string colour : {"blue", "green"}) {
    const json::object* group = groups == nullptr ? nullptr : object_at(*groups, colour);
    if (group != nullptr) table.add(group_row(colour, *group, role_of(colour, *group, service)));
  }
  bool is_head = true;
  for (const std::string& line : table.lines("  ")) {
    page.line(line, is_head ? kDim : std::string_view());
    is_head = false;
  }
}

/// What is out of the ordinary with a group as a whole.
void add_group_notes(Page& page, const json::object& service) {
  const json::object* groups = object_at(service, "groups");
  for (const std::string colour : {"blue", "green"}) {
    const json::object* group = groups == nullptr ? nullptr : object_at(*groups, colour);
    if (group == nullptr) continue;
    if (const double shielded = number_at(*group, "shielded").value_or(0); shielded > 0)
      page.line("  " + colour + " shield: " + fixed(shielded, 0) +
                    " failed requests were answered by the live group",
                kYellow);
    if (const double in_flight = number_at(*group, "in_flight").value_or(0); in_flight > 0)
      page.line("  " + colour + " in flight: " + fixed(in_flight, 0) + ", the oldest for " +
                latency(number_at(*group, "oldest_in_flight_ms")));
    const json::value* panicking = group->if_contains("panicking");
    if (panicking != nullptr && panicking->is_bool() && panicking->get_bool())
      page.line("  " + colour + " panic: too few targets are healthy, all of them are asked", kRed);
  }
}

/// A release that stays because the live group serves nobody: nothing is more out of the ordinary.
void add_fallback(Page& page, const json::object& service) {
  const json::object* fallback = object_at(service, "fallback");
  if (fallback == nullptr) return;
  const json::object* split = object_at(service, "split");
  const bool rests = number_at(*fallback, "leaves_in_ms").has_value() ||
                     (!flag_at(*fallback, "serves") && split != nullptr &&
                      text_at(*split, text_at(*fallback, "group")) != "0%");
  page.line("  fallback: " + text_at(*fallback, "text"), rests ? kYellow : kRed);
}

/// "unhealthy: probe: connection refused"; what drains or is ejected may well be healthy to probes.
std::string sickness_of(const json::object& target) {
  if (flag_at(target, "draining")) return "draining: gets no new requests";
  const std::string reason = text_at(target, "reason");
  return (flag_at(target, "ejected") ? "ejected" : text_at(target, "health")) + ": " + reason;
}

/// The targets that do not take requests, and why: the rest is in the count.
std::vector<std::string> sick_targets(const json::object& service) {
  std::vector<std::string> sick;
  const json::object* groups = object_at(service, "groups");
  for (const std::string colour : {"blue", "green"}) {
    const json::object* group = groups == nullptr ? nullptr : object_at(*groups, colour);
    const json::array* targets = group == nullptr ? nullptr : array_at(*group, "targets");
    if (targets == nullptr) continue;
    for (const json::value& value : *targets) {
      const json::object* target = value.if_object();
      if (target == nullptr) continue;
      const json::value* accepts = target->if_contains("accepts_requests");
      if (accepts == nullptr || !accepts->is_bool() || accepts->get_bool()) continue;
      sick.push_back(colour + " " + text_at(*target, "address") + " " + sickness_of(*target));
    }
  }
  return sick;
}

bool waits(const json::object& deployment) {
  return object_at(deployment, "wait") != nullptr;
}

std::string step_of(const json::object& deployment) {
  if (text_at(deployment, "phase") == "Watching") return {};  // Behind the plan.
  const json::object* plan = object_at(deployment, "plan");
  const json::array* steps = plan == nullptr ? nullptr : array_at(*plan, "steps");
  if (steps == nullptr || steps->empty()) return {};
  const auto step = static_cast<std::size_t>(number_at(deployment, "step").value_or(0));
  std::string text = ", step " + std::to_string(std::min(step + 1, steps->size())) + "/" +
                     std::to_string(steps->size());
  if (const std::string what = text_at(deployment, "step_description"); !what.empty())
    text += " (" + what + ")";
  const auto left = number_at(deployment, "step_ends_in_ms");
  if (left && !waits(deployment)) text += ", " + seconds_left(*left) + " left";
  return text;
}

std::string_view colour_of_status(const std::string& status) {
  if (status == "Succeeded") return kGreen;
  if (status == "Failed" || status == "Stopped") return kRed;
  return status == "Ready" ? kYellow : std::string_view();
}

void add_alarms(Page& page, const json::object& deployment) {
  const json::array* alarms = array_at(deployment, "alarms");
  if (alarms == nullptr || alarms->empty()) return;
  TextTable table({Align::left, Align::left, Align::left, Align::left});
  std::vector<std::string_view> colours;
  std::vector<std::vector<std::string>> further;  // Lines below it.
  for (const json::value& value : *alarms) {
    const json::object* alarm = value.if_object();
    if (alarm == nullptr) continue;
    const std::string verdict = text_at(*alarm, "verdict");
    colours.push_back(verdict == "breached" ? kRed : verdict == "healthy" ? kGreen : kYellow);
    const std::string only = flag_at(*alarm, "observed") ? " (observed)" : "";
    const std::string outlook = text_at(*alarm, "outlook");
    table.add({text_at(*alarm, "name"),
               (verdict == "not_enough_evidence" ? "no evidence" : verdict) + only,
               text_at(*alarm, "condition"),
               text_at(*alarm, "detail") + (outlook.empty() ? "" : " (" + outlook + ")")});
    const json::object* comparison = object_at(*alarm, "comparison");
    further.push_back(comparison == nullptr ? std::vector<std::string>{}
                                            : render_comparison(*comparison));
    if (const std::string note = text_at(*alarm, "note"); !note.empty())
      further.back().push_back(note);
  }
  std::size_t row = 0;
  for (const std::string& line : table.lines("    alarm ")) {
    page.line(line, colours[row]);
    for (const std::string& text : further[row]) page.line("          " + text, kDim);
    ++row;
  }
}

void add_timeline(Page& page, const json::object& deployment, std::size_t entries) {
  const json::array* timeline = array_at(deployment, "timeline");
  if (timeline == nullptr) return;
  const std::size_t skipped = timeline->size() > entries ? timeline->size() - entries : 0;
  for (std::size_t i = skipped; i < timeline->size(); ++i)
    if (const json::object* entry = (*timeline)[i].if_object())
      page.line("    " + render_timeline_entry(*entry), kDim);
}

void add_deployment(Page& page, const json::object& deployment, const ViewStyle& style) {
  const std::string reason = text_at(deployment, "reason");
  page.line("  " + render_deployment_line(deployment) + step_of(deployment),
            colour_of_status(text_at(deployment, "status")));
  if (!reason.empty()) page.line("    " + reason, kYellow);
  for (const std::string& line : render_wait(deployment)) page.line("    " + line, kYellow);
  for (const std::string& warning : texts_at(deployment, "warnings"))
    page.line("    warning: " + warning, kYellow);
  add_alarms(page, deployment);
  if (const json::object* exposure = object_at(deployment, "exposure"))
    page.line("    exposure " + fixed(number_at(*exposure, "spent").value_or(0), 0) + " of " +
              fixed(number_at(*exposure, "budget").value_or(0), 0) + " client-visible failures");
  add_timeline(page, deployment, style.timeline_entries);
}

}  // namespace

std::string render_timeline_entry(const json::object& entry) {
  std::string status = text_at(entry, "status");
  status.resize(std::max<std::size_t>(status.size(), 10), ' ');
  return moment_at(entry, "at") + "  " + status + "  " + text_at(entry, "what");
}

std::vector<std::string> render_wait(const json::object& deployment) {
  const json::object* wait = object_at(deployment, "wait");
  if (wait == nullptr) return {};
  std::string why = text_at(*wait, "phase") + " since " + moment_at(*wait, "since") + " by " +
                    text_at(*wait, "by") + ": " + text_at(*wait, "why");
  if (const auto left = number_at(*wait, "ends_in_ms"))
    why += "; " + seconds_left(*left) + " left, then " + text_at(*wait, "then");
  std::string commands;
  if (const json::array* list = array_at(*wait, "commands"))
    for (const json::value& value : *list)
      if (const json::object* one = value.if_object())
        commands += (commands.empty() ? "`" : ", `") + text_at(*one, "command") + "` " +
                    text_at(*one, "does");
  return {std::move(why), std::move(commands)};
}

std::string render_warnings(const json::object& deployment) {
  std::string text;
  for (const std::string& warning : texts_at(deployment, "warnings"))
    text += "  warning: " + warning + "\n";
  return text;
}

std::string render_deployment_line(const json::object& deployment) {
  std::string line = text_at(deployment, "id") + " " + text_at(deployment, "service") + " ";
  if (text_at(deployment, "kind") == "rollback") line += "back to ";
  line += or_nothing(text_at(deployment, "revision")) + ": " + text_at(deployment, "status");
  const std::string phase = text_at(deployment, "phase");
  if (phase == "Gated" || phase == "Paused" || phase == "Holding" || phase == "Watching")
    line += ", " + phase;
  if (const std::string weight = text_at(deployment, "weight"); !weight.empty())
    line += " at " + weight;
  return line;
}

std::string render_heartbeat(const json::object& deployment, const json::object& service) {
  constexpr std::size_t kMaxTargets = 3;
  const std::string step = step_of(deployment);
  std::string line = render_deployment_line(deployment) + step;
  const std::vector<std::string> wait = render_wait(deployment);
  const json::array* timeline = array_at(deployment, "timeline");
  const json::object* last =
      timeline == nullptr || timeline->empty() ? nullptr : timeline->back().if_object();
  if (!wait.empty())
    line += "; " + wait.front();
  else if (const std::string reason = text_at(deployment, "reason"); !reason.empty())
    line += "; " + reason;
  else if (step.empty() && last != nullptr)  // Before the plan: what is being waited for.
    line += "; " + text_at(*last, "what");
  const std::vector<std::string> sick = sick_targets(service);
  for (std::size_t i = 0; i < std::min(sick.size(), kMaxTargets); ++i) line += "; " + sick[i];
  if (sick.size() > kMaxTargets)
    line += "; and " + std::to_string(sick.size() - kMaxTargets) + " targets more";
  return line;
}

std::string render_service(const json::object& service, const ViewStyle& style) {
  Page page(style);
  std::string split;
  if (const json::object* shares = object_at(service, "split"))
    split = "  split blue=" + text_at(*shares, "blue") + " green=" + text_at(*shares, "green");
  page.line(text_at(service, "name") + "  live " + text_at(service, "live") + split, kBold);
  add_groups(page, service);
  add_group_notes(page, service);
  add_fallback(page, service);
  for (const std::string& sick : sick_targets(service)) page.line("  " + sick, kYellow);
  for (const DiscoveryLine& line : render_discovery(service))
    page.line("  " + line.text, line.is_trouble ? kYellow : kDim);
  if (const json::object* running = object_at(service, "deployment")) {
    add_deployment(page, *running, style);
  } else if (const json::object* last = object_at(service, "last_deployment")) {
    page.line("  last: " + render_deployment_line(*last),
              colour_of_status(text_at(*last, "status")));
    if (const std::string reason = text_at(*last, "reason"); !reason.empty())
      page.line("    " + reason, kDim);
  }
  // While a deployment runs, they stand among its alarms.
  if (object_at(service, "deployment") == nullptr)
    for (const std::string& line : render_outside_alarms(service)) page.line("  " + line, kYellow);
  if (const auto kept = number_at(service, "old_kept_for_ms"))
    page.line("  the idle group is kept warm for " + seconds_left(*kept) +
                  (text_at(service, "old_kept_until").empty() ? " from when it has no share" : ""),
              kDim);
  return page.take();
}

std::string render_history(const json::object& history, const ViewStyle& style) {
  Page page(style);
  TextTable table({Align::left, Align::left, Align::left, Align::left, Align::left, Align::left});
  table.add({"ID", "KIND", "REVISION", "STATUS", "CREATED", "REASON"});
  const json::array* deployments = array_at(history, "deployments");
  if (deployments == nullptr || deployments->empty()) return "nothing has been deployed yet\n";
  for (const json::value& value : *deployments) {
    const json::object* one = value.if_object();
    if (one == nullptr) continue;
    std::string reason = text_at(*one, "reason");
    if (const std::string by = text_at(*one, "rolled_back_by"); !by.empty())
      reason += (reason.empty() ? "" : "; ") + std::string("rolled back by ") + by;
    table.add({text_at(*one, "id"), text_at(*one, "kind"), text_at(*one, "revision"),
               text_at(*one, "status"), text_at(*one, "created"), reason});
  }
  for (const std::string& line : table.lines("")) page.line(line);
  return page.take();
}

std::string render_problem(std::string_view body, int status) {
  json::error_code failed;
  const json::value value = json::parse(body, failed);
  const json::object* problem = failed ? nullptr : value.if_object();
  if (problem == nullptr)
    return "the control API answered with status " + std::to_string(status) + "\n";
  std::string text = text_at(*problem, "title") + ": " + text_at(*problem, "detail") + "\n";
  if (const json::array* list = array_at(*problem, "problems")) {
    for (const json::value& entry : *list) {
      const json::object* one = entry.if_object();
      if (one == nullptr) continue;
      const auto line = number_at(*one, "line");
      const std::string file = text_at(*one, "file");
      text += "  ";
      if (!file.empty()) text += file + ':';
      if (!file.empty() && line > 0) text += std::to_string(static_cast<int>(*line)) + ':';
      if (!file.empty()) text += ' ';
      const std::string key = text_at(*one, "key");
      text += (key.empty() ? "" : key + ": ") + text_at(*one, "message");
      if (const std::string hint = text_at(*one, "hint"); !hint.empty()) text += "; " + hint;
      text += "\n";
    }
  }
  text += render_changes(*problem);
  if (const std::string remedy = text_at(*problem, "remedy"); !remedy.empty())
    text += "  " + remedy + "\n";
  return text;
}

}  // namespace teal::app
