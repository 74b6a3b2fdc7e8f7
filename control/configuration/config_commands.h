// ConfigCommands: what the control API asks of whoever loads configurations, as an interface: the
// Reloader (app/reload/reloader.h) is behind it in the product, a scripted fake in the API's tests.
//
// Control thread only. Every answer comes once, at once or when every worker runs on it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/change/diff.h"
#include "config/change/reload_request.h"
#include "control/reports/reports.h"
#include "control/store/store.h"

namespace teal::control {

enum class ReloadResult : std::uint8_t {
  applied,      ///< Every worker runs on it.
  unchanged,    ///< It says what Teal runs on.
  checked,      ///< A dry run: it could be applied.
  invalid,      ///< It is no configuration, or names files that are no good.
  refused,      ///< It could not be gone over to now, or not by a reload.
  failed,       ///< What it needs of the system could not be had.
  rolled_back,  ///< Applied: an earlier one came back, by a command or because nobody confirmed.
};
std::string_view to_string(ReloadResult result);

struct ReloadReport {
  ReloadResult result = ReloadResult::unchanged;
  std::uint64_t generation = 0;  ///< That Teal runs on now.
  std::string digest{};          ///< Of that.
  std::vector<config::Change> changes{};
  std::vector<config::Problem> warnings{};
  std::optional<Millis> confirm_within{};  ///< What is left until the one before comes back.
};

/// Nothing has changed.
struct ReloadRefusal {
  ReloadResult result = ReloadResult::refused;  ///< invalid, refused or failed.
  ApiError error;
  std::vector<config::Problem> problems;  ///< Of an invalid one.
  std::vector<config::Change> changes;    ///< As far as they are known.
};
[[noreturn]] void throw_exception_from_error(const ReloadRefusal& refusal,
                                             const boost::source_location& where);

struct ConfigReport {
  std::string path;
  std::uint64_t generation = 0;
  std::string digest;
  WallTime at;
  std::string by;
  bool is_diverged = false;  ///< An earlier one was brought back, and the file says something else.
  std::optional<Millis> confirm_within;
  struct Last {
    ReloadResult result = ReloadResult::applied;
    WallTime at;
    std::string text;  ///< For a person: why not; may be empty.
  };
  std::optional<Last> last;  ///< Nothing: there was no reload yet.
};

/// The title of every refusal.
inline constexpr const char* kNotLoaded = "The configuration was not loaded";
ApiError not_loaded(int status, std::string type, std::string detail, std::string remedy);

class ConfigCommands {
 public:
  using Done = std::function<void(boost::system::result<ReloadReport, ReloadRefusal>)>;

  virtual ~ConfigCommands() = default;

  /// The file that Teal was started with, as it is now.
  virtual void reload(const config::ReloadRequest& request, Done done) = 0;
  /// An earlier generation, from the store.
  virtual void rollback(const config::RollbackRequest& request, Done done) = 0;
  /// What was applied to be confirmed stays. 409: there is nothing to confirm.
  virtual ApiResult<ConfigReport> confirm() = 0;
  virtual ConfigReport report() const = 0;
  /// The oldest first.
  virtual std::vector<ConfigRow> history() const = 0;
};

}  // namespace teal::control
