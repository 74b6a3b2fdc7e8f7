// The subcommands that load configurations and tell of them.
#include <ostream>

#include <boost/json.hpp>

#include "app/client/client.h"
#include "app/view/config.h"
#include "app/view/json_at.h"
#include "base/parse_number.h"
#include "base/printable.h"

namespace teal::app {
namespace {

namespace json = boost::json;

constexpr Millis kLook{500};
constexpr Millis kPatience{30'000};

}  // namespace

int Client::config() {
  return show("/v1/config", render_config);
}

int Client::config_history() {
  return show("/v1/config/history", render_config_history);
}

int Client::reload(const ReloadOptions& options) {
  json::object body;
  if (options.dry_run) body["dry_run"] = true;
  if (options.if_generation) body["if_generation"] = *options.if_generation;
  if (!options.confirm_within.empty()) body["confirm_within"] = options.confirm_within;
  const auto answer = call("POST", "/v1/config/reload", json::serialize(body));
  const int code = report_reload(answer);
  if (code != kSuccess || options.confirm_within.empty()) return code;
  const std::optional<json::object> report = parse_object(*answer);
  if (!report || !number_at(*report, "confirm_within_ms")) return code;
  const Result<Millis> within = parse_duration(options.confirm_within);
  return await_confirmation(number_at(*report, "generation").value_or(0),
                            within ? *within : Millis{0});
}

int Client::rollback_config(std::uint64_t to, bool confirm_access) {
  json::object body;
  if (to > 0) body["to"] = to;
  if (confirm_access) body["confirm_access"] = true;
  return report_reload(call("POST", "/v1/config/rollback", json::serialize(body)));
}

int Client::confirm_config() {
  const auto answer = call("POST", "/v1/config/confirm");
  if (!answer) return failure_;
  const std::optional<json::object> report = parse_object(*answer);
  if (prints_json_)
    terminal_.out << printable_json(*answer);
  else if (report)
    terminal_.out << render_config(*report);
  return kSuccess;
}

int Client::report_reload(const std::optional<std::string>& answer) {
  if (!answer) return failure_;
  if (prints_json_) {
    terminal_.out << printable_json(*answer);
    return kSuccess;
  }
  const std::optional<json::object> report = parse_object(*answer);
  if (!report) return fail("what answers at " + to_string(admin_.address()) + " is not Teal");
  terminal_.out << render_reload(*report) << std::flush;
  return kSuccess;
}

/// Until somebody has confirmed, or the generation before is back. A Teal that says nothing may
/// shut us out, or be restarted; `within` and a while later it should have come back.
int Client::await_confirmation(double generation, Millis within) {
  Millis silent{0};
  while (!terminal_.pause || terminal_.pause(kLook)) {
    const Result<AdminAnswer> answer = admin_.within(kLookLimit).send("GET", "/v1/config");
    if (!answer || answer->status != 200) {
      silent += kLook;
      if (silent <= within + kPatience) continue;
      const int code = answer ? fail("Teal answers " + std::to_string(answer->status), kUnreachable)
                              : fail(answer.error().message(), kUnreachable);
      terminal_.err << "  whether it was confirmed is unknown: `teal config show` says it once "
                       "Teal answers\n";
      return code;
    }
    silent = Millis{0};
    const std::optional<json::object> report = parse_object(answer->body);
    if (!report) continue;
    if (number_at(*report, "generation") != generation) {
      const bool is_by_itself = text_at(*report, "by") == "unconfirmed";
      terminal_.err << (is_by_itself ? "nobody confirmed: " : "it was taken back: ")
                    << render_config(*report);
      return kRolledBack;
    }
    if (number_at(*report, "confirm_within_ms")) continue;
    if (!prints_json_) terminal_.out << "confirmed\n";
    return kSuccess;
  }
  return kTimedOut;
}

}  // namespace teal::app
