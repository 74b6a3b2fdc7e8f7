// AdminPlaces: who holds a connection to the control API, and who makes room when all places are
// taken. A newcomer always finds a place, so that nobody is locked out by connections that cost
// their owner nothing: the longest silent one goes first, then idle ones, then slow ones, and then
// those that have only just come. A
// connection whose command is being carried out, and a follower of events, is never ended.
//
// Three kinds of places: common ones; those of peers whose client certificate was verified; and a
// reserve, where a newcomer waits while no common place can be had, and where only probes are
// answered. In the reserve the oldest always makes room.
//
// Pure, control thread only. Has no clock and no sockets: who runs out of time is the session's
// matter (control/admin/session.h), and ending a connection is the server's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "control/admin/limits.h"

namespace teal::control {

/// What a connection is at. The first four make room for others, in this order.
enum class AdminStage : std::uint8_t {
  silent,     ///< No whole request head has come yet, or no verified certificate.
  idle,       ///< Between two requests.
  receiving,  ///< A request's body is still coming.
  writing,    ///< An answer is on its way to a peer that has to read it.
  answering,  ///< Control is carrying out what was asked.
  following,  ///< A stream of events.
};
std::string_view to_string(AdminStage stage);

class AdminPlaces {
 public:
  using Id = std::uint64_t;
  /// Ends a connection, which has lost its place already. Must not call back.
  using Evict = std::function<void(Id)>;

  AdminPlaces(const AdminLimits& limits, Evict evict);

  /// A place for a new connection. `client`: equal for all that one client may call its own; who
  /// holds more than a quarter of the common places is the first to make room, and takes none from
  /// others.
  Id admit(const std::string& client);
  /// The peer has shown a certificate that we trust.
  void set_verified(Id id);
  /// `bytes`: what the connection makes us hold meanwhile.
  void set_stage(Id id, AdminStage stage, std::size_t bytes = 0);
  /// Gives the place back. A connection that was evicted may call it too.
  void leave(Id id);

  /// Only probes are answered, once. False also for a connection that has been evicted.
  bool is_in_reserve(Id id) const;
  std::size_t size() const { return holders_.size(); }

  /// The connection ran out of time at the stage that it is at.
  void count_timeout(Id id);
  /// A request in the reserve that was no probe.
  void count_refusal() { ++refusals_; }
  std::vector<MetricSample> metrics() const;

 private:
  enum class Kind : std::uint8_t { common, verified, reserve };
  struct Holder {
    std::string client;
    Kind kind = Kind::common;
    AdminStage stage = AdminStage::silent;
    bool verified = false;
    std::uint64_t since = 0;     ///< When it came to its stage, as a number in order.
    std::uint64_t admitted = 0;  ///< How many had been accepted then, with it.
    std::size_t bytes = 0;
  };
  static constexpr std::size_t kStages = 6;
  using Holders = std::map<Id, Holder>;

  std::size_t count(Kind kind) const { return counts_[static_cast<std::size_t>(kind)]; }
  std::size_t& count(Kind kind) { return counts_[static_cast<std::size_t>(kind)]; }
  bool has_more_than_its_share(const std::string& client) const;
  /// Silent, but only because it has just come: since then fewer than a quarter of the places were
  /// given. It makes room after all others, or newcomers would evict each other unread.
  bool is_fresh(const Holder& holder) const;
  /// The one that makes room first among those that `may`; end() if there is none.
  Holders::iterator first_to_go(const std::function<bool(Id, const Holder&)>& may);
  Kind make_room(const std::string& client);
  void evict(Holders::iterator victim);
  void forget(Holders::iterator holder);
  void move(Holder& holder, Kind kind);
  void enter(const Holder& holder);
  void withdraw(const Holder& holder);

  AdminLimits limits_;
  Evict evict_;
  Holders holders_;
  std::map<std::string, std::size_t> common_of_;  ///< Common places by client.
  std::array<std::size_t, 3> counts_{};
  std::size_t bytes_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t accepted_ = 0, refusals_ = 0;
  std::array<std::uint64_t, kStages> evictions_{}, timeouts_{};
};

/// Who is one client: an IPv4 address, the /56 of an IPv6 one, whoever comes by a Unix socket.
/// `address`: a sockaddr of `size` bytes.
std::string admin_client(const void* address, std::size_t size);

}  // namespace teal::control
