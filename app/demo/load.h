// A steady load of GET requests on kept connections, with a record of who answered what and when:
// the client's view of a release, for `teal demo`.
//
// Runs on a thread of its own; totals() and the rest may be called from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/address.h"
#include "base/time.h"

namespace teal::app {

class DemoLoad {
 public:
  struct Totals {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;  ///< 5xx answers.
    std::uint64_t broken = 0;  ///< No answer at all, or half of one.
    /// Good answers of the live group in place of the release's failure (x-teal-shield).
    std::uint64_t shielded = 0;
    std::map<std::string, std::uint64_t> by_revision;

    Totals operator-(const Totals& earlier) const;
  };
  /// What the client saw of one release.
  struct Sighting {
    Mono first_answer, last_start;  ///< `last_start`: of the last request that it answered.
  };

  /// About `per_second` requests over `connections` connections.
  DemoLoad(const Address& to, std::uint32_t connections, std::uint32_t per_second);
  ~DemoLoad();

  void stop();
  Totals totals() const;
  std::optional<Sighting> sighting(const std::string& revision) const;
  /// When the first answer arrived that showed a failure: a 5xx, or another group's in its place.
  std::optional<Mono> first_failure() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace teal::app
