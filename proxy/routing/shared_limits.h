// What all workers share of a target's and a group's limits: how many requests are in flight and
// how many wait, exact over all of them, and which worker is to be called when a place comes free.
// Only requests of a target or group with a limit, and those that wait, touch it
// (docs/adr/0020-limits-by-need.md).
//
// SharedCount, WaitBoard: any thread, without locks. LimitTable: control thread; it makes these
// objects, which go from publication to publication in the groups' views.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/time.h"

namespace teal::proxy {

/// A number that is never counted above a limit.
///
/// Sequentially consistent, and so is the WaitBoard: whoever registers as waiting and then looks
/// here, or gives back here and then looks who waits, sees the other one or is seen.
class SharedCount {
 public:
  /// False: there are `most` of them.
  bool take(std::uint32_t most) {
    std::uint32_t count = count_.load();
    do {
      if (count >= most) return false;
    } while (!count_.compare_exchange_weak(count, count + 1));
    return true;
  }
  void give_back() { count_.fetch_sub(1); }
  std::uint32_t count() const { return count_.load(); }

 private:
  std::atomic<std::uint32_t> count_{0};
};

/// Which workers have requests of a group waiting, and since when. A worker that is called has
/// places promised to it until it answers: who comes new leaves so many free, and cannot overtake
/// one who waits elsewhere.
class WaitBoard {
 public:
  explicit WaitBoard(std::size_t workers) : workers_(workers) {}

  /// The worker's oldest waiting request has waited since then; Mono::max(): nobody waits.
  void show(std::size_t worker, Mono since) {
    workers_[worker].since.store(since.time_since_epoch().count());
  }
  /// Whose oldest request has waited longest.
  std::optional<std::size_t> longest() const { return next({kNever, 0}); }
  /// Whose has waited next to this worker's.
  std::optional<std::size_t> after(std::size_t worker) const {
    return next({workers_[worker].since.load(), worker + 1});
  }

  /// Promises a place to the worker. True: wake it, since it was called by nobody else.
  bool call(std::size_t worker) {
    promised_.fetch_add(1);
    return workers_[worker].calls.fetch_add(1) == 0;
  }
  /// The worker is going to try for all that it was promised.
  void answer(std::size_t worker) {
    const std::uint32_t calls = workers_[worker].calls.exchange(0);
    if (calls > 0) promised_.fetch_sub(calls);
  }
  std::uint32_t promised() const { return promised_.load(); }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kNobody = Mono::max().time_since_epoch().count();

  struct Place {
    std::int64_t since = kNever;
    std::size_t worker = 0;
    auto operator<=>(const Place&) const = default;
  };
  struct Waiting {
    std::atomic<std::int64_t> since{kNobody};
    std::atomic<std::uint32_t> calls{0};
  };

  /// The first that is not before `from`, by how long they wait and then by number.
  std::optional<std::size_t> next(Place from) const {
    Place found{kNobody, 0};
    for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
      const Place place{workers_[worker].since.load(), worker};
      if (place >= from && place < found) found = place;
    }
    return found.since == kNobody ? std::nullopt : std::optional(found.worker);
  }

  std::vector<Waiting> workers_;
  std::atomic<std::uint32_t> promised_{0};
};

/// One address in one group.
struct SharedTarget {
  explicit SharedTarget(const Address& where) : address(where), text(to_string(where)) {}

  const Address address;
  const std::string text;  ///< As to_string() writes it.
  SharedCount in_flight;
  SharedCount idle;
};

struct GroupLimits {
  explicit GroupLimits(std::size_t workers) : board(workers) {}

  SharedCount in_flight;
  SharedCount pending;
  WaitBoard board;
};

class LimitTable {
 public:
  explicit LimitTable(std::size_t workers) : workers_(workers) {}

  std::shared_ptr<GroupLimits> make_group() const {
    return std::make_shared<GroupLimits>(workers_);
  }
  /// For another registration of the address in the group ("service/colour"): what was left() for
  /// the last one, as long as requests of that still run, or something new.
  std::shared_ptr<SharedTarget> make_target(const std::string& group, const Address& address);
  /// The address is registered in the group no more.
  void left(const std::string& group, const std::shared_ptr<SharedTarget>& target);

 private:
  const std::size_t workers_;
  /// Those that are registered no more, by "service/colour address", as long as somebody uses them.
  std::unordered_map<std::string, std::weak_ptr<SharedTarget>> left_;
  std::size_t swept_ = 0;  ///< How many there were left when those that nobody uses were taken out.
};

}  // namespace teal::proxy
