// The whole language of the deployment engine: what it can be told (Event) and what it can want
// (Action). Each has a text form, in which scenarios are written and which reads back to equal
// values; control/engine/protocol_json.h has the one in which events are journalled.
//
// Plain values, any thread. Nothing here decides anything; that is control/engine/deployment.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/colour.h"
#include "base/result.h"
#include "base/time.h"
#include "base/weight.h"

namespace teal::control {

/// The time a deployment has lived while Teal was running. Every deadline of the engine is an Age,
/// so all of its clocks stand still while Teal is down and none jumps when somebody sets the date.
using Age = Millis;
inline constexpr Age kNever = Age::max();

/// Numbers the publications of one deployment; workers' acknowledgements name it.
using PublicationNumber = std::uint64_t;

// ---- events ---------------------------------------------------------------------------------

namespace event {

struct Begin {
  bool operator==(const Begin&) const = default;
};

/// How the targets that the deployment brings (or brings back) are.
struct HealthChanged {
  std::uint32_t healthy = 0;
  std::uint32_t unhealthy = 0;
  std::uint32_t unknown = 0;
  std::uint32_t ejected = 0;  ///< Of the unhealthy ones, those that outlier detection took out.
  bool operator==(const HealthChanged&) const = default;
};

/// Somebody took targets out of the group and accepts it: so many of the rest must be healthy from
/// now on. How they are is told behind it.
struct Recounted {
  std::uint32_t minimum = 1;
  bool operator==(const Recounted&) const = default;
};

/// The service's configuration is another one from now on. For the record: the deployment's own
/// settings stay as they were at its start.
struct ConfigChanged {
  std::uint64_t generation = 0;
  std::string digest;
  bool operator==(const ConfigChanged&) const = default;
};

/// How the targets of the group are that traffic would go back to. Told where it differs from what
/// is known: that group serves until somebody says otherwise.
struct BaselineHealth {
  std::uint32_t healthy = 0;  ///< That accept requests.
  std::uint32_t unhealthy = 0;
  std::uint32_t unknown = 0;
  /// For how long none has been known to accept any; 0 where some does.
  Millis lost_for{0};
  bool operator==(const BaselineHealth&) const = default;
};

/// Every worker runs on the publication `shift` or a later one. `took` goes to the record only.
struct SplitApplied {
  PublicationNumber shift = 0;
  Micros took{0};
  bool operator==(const SplitApplied&) const = default;
};

struct AlarmBreached {
  std::string name;
  std::string why;
  bool operator==(const AlarmBreached&) const = default;
};

/// What the alarms still lack to judge the release; empty: nothing.
struct Evidence {
  std::string missing;
  bool operator==(const Evidence&) const = default;
};

/// So many failures of the release were visible to clients so far, out of its exposure budget.
struct Exposed {
  std::uint32_t spent = 0;
  bool operator==(const Exposed&) const = default;
};

/// Time has passed.
struct Wake {
  bool operator==(const Wake&) const = default;
};

/// Continue. `why` where it is not somebody's word; ends a watch only.
struct Proceed {
  std::string why;
  bool operator==(const Proceed&) const = default;
};

struct Pause {
  bool operator==(const Pause&) const = default;
};

struct Promote {
  bool operator==(const Promote&) const = default;
};

struct Stop {
  bool operator==(const Stop&) const = default;
};

struct Rollback {
  std::string why;
  bool operator==(const Rollback&) const = default;
};

/// Teal was restarted: no worker knows anything, no timer runs, health is unknown.
struct Resumed {
  bool operator==(const Resumed&) const = default;
};

}  // namespace event

using Event =
    std::variant<event::Begin, event::HealthChanged, event::Recounted, event::ConfigChanged,
                 event::BaselineHealth, event::SplitApplied, event::AlarmBreached, event::Evidence,
                 event::Exposed, event::Wake, event::Proceed, event::Pause, event::Promote,
                 event::Stop, event::Rollback, event::Resumed>;

/// "config 7 sha256:3f..", "health 2 healthy 0 unhealthy 1 unknown", "baseline 0 healthy 1
/// unhealthy 0 unknown for 42s", "applied 3 in 250us", "alarm errors: 4% > 1%".
std::string to_string(const Event& event);
Result<Event> parse_event(std::string_view text);

// ---- actions --------------------------------------------------------------------------------

namespace action {

/// The group `colour` consists of these targets and runs this revision. Targets that are there
/// already stay as they are.
struct RegisterTargets {
  Colour colour = Colour::green;
  std::string revision;
  std::vector<Address> targets;
  bool operator==(const RegisterTargets&) const = default;
};

/// Roles and split change together, in one publication, and SplitApplied{shift} answers.
struct Publish {
  PublicationNumber shift = 0;
  Colour live = Colour::blue;
  Split split;
  bool operator==(const Publish&) const = default;
};

/// Send a Wake at this age or soon after. Only the last one counts.
struct WakeAt {
  Age age{0};
  bool operator==(const WakeAt&) const = default;
};

/// The group stays warm that long for an instant rollback and is retired then.
struct KeepOld {
  Colour colour = Colour::blue;
  Millis duration{0};
  bool operator==(const KeepOld&) const = default;
};

/// No new requests to the group; emptied once every worker has let go of it.
struct RetireGroup {
  Colour colour = Colour::green;
  bool operator==(const RetireGroup&) const = default;
};

/// The group, without a share, stays registered and serves what the live group cannot, request by
/// request. It is retired once the live group has accepted requests for `keep_old` without a break.
struct KeepFallback {
  Colour colour = Colour::green;
  Millis keep_old{0};
  bool operator==(const KeepFallback&) const = default;
};

/// Start the deployment that takes this one back.
struct OpenRollback {
  std::string code;
  std::string why;
  bool operator==(const OpenRollback&) const = default;
};

/// One line for the timeline and the event stream; `type` like "deployment.baking".
struct Announce {
  std::string type;
  std::string text;
  bool operator==(const Announce&) const = default;
};

/// The command makes no sense now. Comes alone, and nothing has changed.
struct Refuse {
  std::string detail;
  std::string remedy;
  bool operator==(const Refuse&) const = default;
};

}  // namespace action

using Action = std::variant<action::RegisterTargets, action::Publish, action::WakeAt,
                            action::KeepOld, action::RetireGroup, action::KeepFallback,
                            action::OpenRollback, action::Announce, action::Refuse>;

std::string to_string(const Action& action);

/// For variants: one lambda per alternative.
template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace teal::control
