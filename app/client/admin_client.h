// AdminClient: the command line's end of the control API. One request after the other over TCP or a
// Unix socket, each within a time limit that covers all of it, connecting included. Who answers
// there may be broken or hostile: what is read is bounded, and nothing waits for ever but for
// events to come.
//
// One thread; blocks. Knows HTTP and nothing of what the answers mean.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"

namespace teal::app {

struct AdminAnswer {
  int status = 0;
  std::string body;
};

/// One server-sent event.
struct ServerEvent {
  std::string id, type, data;
  /// Set instead where the server says that what follows is live.
  bool is_live_mark = false;
};

class AdminClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  explicit AdminClient(Address address, Millis timeout = std::chrono::seconds{40})
      : address_(std::move(address)), timeout_(timeout) {}

  /// This client with another limit for each request.
  AdminClient within(Millis timeout) const { return AdminClient(address_, timeout); }

  /// An Error: there was no answer, and where it is not `retry_safe`, whether the request was taken
  /// is unknown; a problem is an answer. The body is sent as JSON where not empty.
  Result<AdminAnswer> send(std::string_view method, const std::string& target,
                           const std::string& body = {}, const Headers& headers = {}) const;

  /// The same for an answer that is too long to be held: `take` gets a success's body as it comes,
  /// until it says false, and the AdminAnswer has none then. An Error also where it ends short of
  /// the length that was said. Connects within the time limit; the head comes within `whole`, and
  /// then the body.
  Result<AdminAnswer> receive(std::string_view method, const std::string& target, Millis whole,
                              const std::function<bool(std::string_view)>& take) const;

  /// How long to read events.
  enum class Until {
    retained,  ///< Until the live mark; all of it within the time limit.
    stopped,   ///< For ever.
  };
  /// Events after `last_event_id` (none retained where empty), until `take` says false: the status
  /// is 200 then; another is the answer that refuses the stream. An Error also where the stream
  /// ends; `retry_safe` where it is worth being asked for again.
  Result<AdminAnswer> follow_events(const std::string& last_event_id, Until until,
                                    const std::function<bool(const ServerEvent&)>& take) const;

  const Address& address() const { return address_; }

 private:
  Address address_;
  Millis timeout_;
};

}  // namespace teal::app
