#include "app/client/deployment_wait.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "app/client/client.h"
#include "app/client/exit_code.h"
#include "app/view/json_at.h"
#include "app/view/status.h"
#include "base/printable.h"

namespace teal::app {
namespace {

namespace json = boost::json;

constexpr Millis kPoll{250};
/// A Teal that is being restarted is waited for that long.
constexpr Millis kPatience{60'000};
/// Two looks and a pause less than the 30 s that are promised.
constexpr Millis kBeat{15'000};
constexpr Millis kVeryLong = std::chrono::hours{24 * 365};

int exit_code_of(const std::string& status, bool was_rolled_back) {
  if (status == "Succeeded") return was_rolled_back ? kRolledBack : kSuccess;
  return kNotDeployed;
}

/// Whole seconds are enough for a person.
std::string rounded(Millis time) {
  return format_duration(std::chrono::duration_cast<std::chrono::seconds>(time));
}

}  // namespace

DeploymentWait::DeploymentWait(const Terminal& terminal, AdminClient admin, bool json,
                               Millis timeout, Mono began)
    : terminal_(terminal),
      admin_(std::move(admin)),
      prints_json_(json),
      timeout_(timeout),
      began_(began),
      answered_(terminal.now()),
      spoke_(answered_),
      reconnect_(terminal) {}

Millis DeploymentWait::since(Mono moment) const {
  return std::chrono::duration_cast<Millis>(terminal_.now() - moment);
}

Millis DeploymentWait::left() const {
  return timeout_.count() > 0 ? std::max(timeout_ - since(began_), Millis{0}) : kVeryLong;
}

std::ostream& DeploymentWait::progress() const {
  return prints_json_ ? terminal_.err : terminal_.out;
}

int DeploymentWait::follow(const std::string& id) {
  id_ = id;
  while (true) {
    std::optional<int> ended = poll();
    if (ended) return *ended;
    if (left().count() == 0) {
      if (reconnect_.is_lost()) return give_up();
      terminal_.err << "teal: " << printable(id_) << " has not ended in "
                    << format_duration(timeout_) << "; it goes on: `teal wait " << printable(id_)
                    << "` waits again\n";
      return kTimedOut;
    }
    if (since(spoke_) >= kBeat) beat();
    const Millis pause = std::clamp(left(), Millis{1}, kPoll);
    // A miss has paused already.
    if (!reconnect_.is_lost() && !terminal_.pause(pause)) {
      terminal_.err << "teal: stopped waiting; `teal wait " << printable(id_) << "` waits again\n";
      return kError;
    }
  }
}

std::optional<int> DeploymentWait::poll() {
  const Millis limit = std::clamp(left(), kMinLimit, kLookLimit);
  const Result<AdminAnswer> answer =
      admin_.within(limit).send("GET", "/v1/deployments/" + path_segment(id_));
  if (!answer) return miss(answer.error().message());
  if (answer->status >= 500) return miss("Teal answers " + std::to_string(answer->status));
  reconnect_.back();
  answered_ = terminal_.now();
  if (answer->status >= 400) {
    terminal_.err << (prints_json_ ? printable_json(answer->body)
                                   : "teal: " + render_problem(answer->body, answer->status));
    return kError;
  }
  std::optional<json::object> report = parse_object(answer->body);
  if (!report) return miss("what answers at " + to_string(admin_.address()) + " is not Teal");
  report_ = *std::move(report);
  print_news();
  if (!is_terminal(report_)) return std::nullopt;
  const std::string status = text_at(report_, "status");
  const std::string rollback = text_at(report_, "rolled_back_by");
  if (!rollback.empty() && !was_rolled_back_) {
    was_rolled_back_ = true;
    id_ = rollback;
    printed_ = 0;
    return std::nullopt;
  }
  if (prints_json_) terminal_.out << printable_json(answer->body);
  if (!prints_json_) terminal_.out << render_deployment_line(report_) << '\n';
  return exit_code_of(status, was_rolled_back_);
}

std::optional<int> DeploymentWait::miss(const std::string& why) {
  why_lost_ = why;
  if (since(answered_) >= kPatience) return give_up();
  if (left().count() == 0) return give_up();
  if (!reconnect_.lost(why, std::clamp(left(), Millis{1}, Millis{2000}))) return give_up();
  return std::nullopt;
}

int DeploymentWait::give_up() {
  const std::string service = text_at(report_, "service");
  const std::string id = printable(id_);
  terminal_.err << "teal: " << printable(why_lost_) << "\n  what became of " << id
                << " is unknown, there has been no answer for " << rounded(since(answered_))
                << ": `teal wait " << id << "` waits again, `teal status"
                << (service.empty() ? "" : " " + service) << "` shows it once Teal answers\n";
  return kUnreachable;
}

/// Each entry of the timeline once, and why it waits once for each wait.
void DeploymentWait::print_news() {
  if (prints_json_) return;
  std::string news;
  if (const json::array* timeline = array_at(report_, "timeline"))
    for (; printed_ < timeline->size(); ++printed_)
      if (const json::object* entry = (*timeline)[printed_].if_object())
        news += render_timeline_entry(*entry) + '\n';
  for (const std::string& warning : texts_at(report_, "warnings"))
    if (warned_.insert(warning).second) news += "  warning: " + warning + '\n';
  if (const json::object* wait = object_at(report_, "wait")) {
    std::string now = text_at(*wait, "phase") + text_at(*wait, "since");
    if (now != wait_)
      for (const std::string& line : render_wait(report_)) news += "  " + line + '\n';
    wait_ = std::move(now);
  }
  if (news.empty()) return;
  terminal_.out << news << std::flush;
  spoke_ = terminal_.now();
}

void DeploymentWait::beat() {
  std::string text;
  if (reconnect_.is_lost()) {
    text = "no answer for " + rounded(since(answered_)) + ": " + printable(why_lost_);
  } else {
    json::object service;
    const Result<AdminAnswer> answer =
        admin_.within(std::clamp(left(), kMinLimit, kLookLimit))
            .send("GET", "/v1/services/" + path_segment(text_at(report_, "service")));
    if (answer && answer->status == 200)
      service = parse_object(answer->body).value_or(json::object{});
    text = render_heartbeat(report_, service);
  }
  progress() << "after " << rounded(since(began_)) << ": " << text << '\n' << std::flush;
  spoke_ = terminal_.now();
}

}  // namespace teal::app
