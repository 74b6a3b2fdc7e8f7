// Gate: what a request has to pass before a target is looked for: a password, the word of another
// service (proxy/access/). The exchange knows what becomes of a request; this is the seam by which
// it learns whether the request may go on at all, at once or later.
//
// Part of one exchange, on its worker's thread; serves one request after the other. Does not send.
#pragma once

#include <memory>
#include <optional>

#include "base/time.h"
#include "net/io/proxy_protocol.h"
#include "proxy/loop/route_pin.h"
#include "proxy/request/local_reply.h"
#include "proxy/request/request.h"

namespace teal::proxy {

class CensusTaker;

class Gate {
 public:
  enum class State : std::uint8_t { waits, passed, refused };
  /// Called when it does not wait any more, never from inside a call of its owner's.
  using Done = void (*)(void* owner);

  struct Asked {
    const RoutePin& route;  ///< Stays as it is while the gate waits. Has a gate.
    Request& request;       ///< As well.
    std::optional<net::ProxyAddresses> client_ends;
  };

  virtual ~Gate() = default;
  /// The next request. waits: Done follows, unless cancel() comes first.
  virtual State ask(const Asked& asked) = 0;
  virtual State state() const = 0;
  /// How long its owner lets it wait before on_late(); 0: it has a time of its own.
  virtual Millis time_limit() const = 0;
  /// It has waited for as long: state() is refused then.
  virtual void on_late() = 0;
  /// The request is over. Does nothing where it does not wait.
  virtual void cancel() = 0;
  /// Requires: it is refused.
  virtual LocalReply take_reply() = 0;
  /// What was found out goes on with the request. Requires: it has passed.
  virtual void put_fields(Request& request) const = 0;
  /// Requests of Teal's own that are in flight for it.
  virtual void add_to_census(CensusTaker& census) const = 0;
};

/// Of one exchange.
std::unique_ptr<Gate> make_gate(WorkerLoop& loop, Gate::Done done, void* owner);

}  // namespace teal::proxy
