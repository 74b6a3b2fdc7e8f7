#include "app/demo/demo.h"

#include <ostream>
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "app/client/exit_code.h"
#include "app/demo/load.h"
#include "app/demo/stage.h"
#include "app/view/json_at.h"
#include "app/view/status.h"

namespace teal::app {
namespace {

namespace json = boost::json;

constexpr std::uint32_t kConnections = 16;
constexpr std::uint32_t kPerSecond = 400;
constexpr Millis kScene{2000};  ///< Time to see that a thing is so.

/// What a scene showed, and what it should have.
struct Outcome {
  json::object deployment;
  DemoLoad::Totals seen;
};

class Demo {
 public:
  Demo(const Terminal& terminal, DemoStage& stage) : terminal_(terminal), stage_(stage) {}

  Result<bool> play(bool keep);

 private:
  Result<Outcome> ship(const ShopOptions& release, const json::array& plan, DemoLoad& load);
  void say(const std::string& line) { terminal_.out << line << "\n" << std::flush; }
  void show_audit(const json::object& deployment);
  Result<bool> sum_up(const Outcome& good, const Outcome& bad, const DemoLoad& load);
  void say_where_it_runs();

  const Terminal& terminal_;
  DemoStage& stage_;
};

json::array canary(std::initializer_list<std::pair<const char*, const char*>> steps) {
  json::array plan;
  for (const auto& [weight, bake] : steps) {
    plan.push_back(json::object{{"set_weight", weight}});
    plan.push_back(json::object{{"bake", bake}});
  }
  return plan;
}

Result<Outcome> Demo::ship(const ShopOptions& release, const json::array& plan, DemoLoad& load) {
  const Result<std::vector<std::string>> targets = stage_.start_release(release);
  if (!targets) return targets.error();
  const DemoLoad::Totals before = load.totals();
  const Result<std::string> id = stage_.deploy(release.revision, *targets, plan);
  if (!id) return id.error();
  Result<json::object> ended = stage_.watch(*id);
  if (!ended) return ended.error();
  if (const std::string rollback = text_at(*ended, "rolled_back_by"); !rollback.empty()) {
    if (const auto done = stage_.watch(rollback); !done) return done.error();
    ended = stage_.get("/v1/deployments/" + *id);
    if (!ended) return ended.error();
  }
  terminal_.pause(kScene);
  return Outcome{std::move(*ended), load.totals() - before};
}

Result<bool> Demo::play(bool keep) {
  say("Teal demo: a real Teal, a small shop behind it, " + std::to_string(kPerSecond) +
      " requests a second.");
  const Result<std::vector<std::string>> first = stage_.start_release({.revision = "v1"});
  if (!first) return first.error();
  if (const Result<void> up = stage_.start_teal("v1", *first); !up) return up.error();
  DemoLoad load(stage_.front_door(), kConnections, kPerSecond);
  terminal_.pause(kScene);

  say("\n1. v1 is live. Shipping v2 by a canary: 10% for 4 s, 50% for 4 s, then everything, which "
      "is "
      "watched for 3 s.\n");
  const Result<Outcome> good =
      ship({.revision = "v2"}, canary({{"10%", "4s"}, {"50%", "4s"}}), load);
  if (!good) return good.error();

  say("\n2. v2 is live. Shipping v3, which is broken: 40% of its answers are 503, all are slow.\n"
      "   What fails on it before the client has seen anything is asked of v2.\n");
  const Result<Outcome> bad = ship({.revision = "v3", .fail_percent = 40, .slow = Millis{120}},
                                   canary({{"10%", "30s"}, {"50%", "30s"}}), load);
  if (!bad) return bad.error();
  if (!keep) load.stop();

  const Result<bool> as_told = sum_up(*good, *bad, load);
  if (keep) say_where_it_runs();
  return as_told;
}

void Demo::show_audit(const json::object& deployment) {
  say("    the audit timeline of " + text_at(deployment, "id") + ":");
  const json::value* timeline = deployment.if_contains("timeline");
  if (timeline == nullptr) return;
  for (const json::value& entry : timeline->as_array())
    say("     " + render_timeline_entry(entry.as_object()));
}

Result<bool> Demo::sum_up(const Outcome& good, const Outcome& bad, const DemoLoad& load) {
  const Result<json::object> service = stage_.get("/v1/services/shop");
  if (!service) return service.error();
  const std::string live = text_at(*service, "live");
  const std::string revision = text_at(service->at("groups").at(live).as_object(), "revision");
  const auto seen = load.sighting("v3");
  const bool shipped =
      text_at(good.deployment, "status") == "Succeeded" && good.seen.errors + good.seen.broken == 0;
  const bool taken_back =
      !text_at(bad.deployment, "rolled_back_by").empty() && revision == "v2" && seen.has_value();
  const bool nobody_hurt = bad.seen.errors + bad.seen.broken == 0 && bad.seen.shielded > 0;

  say("\n--- what happened ------------------------------------------------------------");
  say("v2  " + text_at(good.deployment, "status") + ": " + std::to_string(good.seen.requests) +
      " requests meanwhile, " + std::to_string(good.seen.errors + good.seen.broken) +
      " errors seen by clients");
  say("v3  " + text_at(bad.deployment, "status") +
      (taken_back ? ", rolled back: " : ", NOT rolled back: ") + text_at(bad.deployment, "reason"));
  say("    " + std::to_string(bad.seen.requests) + " requests meanwhile, of which v3 got " +
      std::to_string(load.totals().by_revision["v3"] + bad.seen.shielded) + ": " +
      std::to_string(bad.seen.errors + bad.seen.broken) + " errors seen by clients, " +
      std::to_string(bad.seen.shielded) + " failures of v3 answered by v2 in its place");
  if (const std::optional<Mono> failed = load.first_failure(); seen && failed) {
    const auto micros = std::chrono::duration_cast<Micros>(seen->last_start - *failed).count();
    say("    from its first failure to the last request that v3 answered: " +
        std::to_string(micros / 1000) + " ms");
  }
  if (const std::optional<double> took = number_at(bad.deployment, "rollback_took_ms"))
    say("    from the deciding event to all workers off v3: " + std::to_string(*took).substr(0, 5) +
        " ms");
  show_audit(bad.deployment);
  if (const auto rollback =
          stage_.get("/v1/deployments/" + text_at(bad.deployment, "rolled_back_by"));
      rollback)
    show_audit(*rollback);
  say("live now: " + revision + ", in the " + live + " group");
  const bool as_told = shipped && taken_back && nobody_hurt;
  say(as_told ? "All of it really happened." : "It did NOT go as it should have.");
  return as_told;
}

void Demo::say_where_it_runs() {
  stage_.keep();
  say("\nStill running (without the load):");
  say("  the shop          http://" + to_string(stage_.front_door()) + "/");
  say("  control API       http://" + stage_.admin() + "/v1/services/shop");
  say("  metrics           http://" + stage_.admin() + "/metrics");
  say("  live view         teal status --watch --admin " + stage_.admin());
  say("  files             " + stage_.directory());
  std::string pids;
  for (const ChildProcess& process : stage_.processes())
    pids += ' ' + std::to_string(process.pid());
  say("  to end it         kill" + pids);
}

}  // namespace

int run_demo(const Terminal& terminal, const DemoOptions& options) {
  Result<std::unique_ptr<DemoStage>> stage = DemoStage::set(terminal);
  if (!stage) {
    terminal.err << "teal demo: " << stage.error() << "\n" << std::flush;
    return kError;
  }
  Demo demo(terminal, **stage);
  const Result<bool> as_told = demo.play(options.keep);
  if (!as_told) {
    terminal.err << "teal demo: " << as_told.error() << "\n" << std::flush;
    return kError;
  }
  return *as_told ? kSuccess : kError;
}

}  // namespace teal::app
