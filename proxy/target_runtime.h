// What a worker keeps about targets, groups and services from one RouteTable to the next: kept
// connections, requests in flight, failures in a row, waiting requests, the state of the splitter
// and the balancer. And WorkerTable: a RouteTable with pointers to them, the thing a request pins.
//
// Owned by one worker; pointers are counted without atomics.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "base/outcome.h"
#include "net/socket.h"
#include "proxy/balancer.h"
#include "proxy/route_table.h"
#include "proxy/splitter.h"

namespace teal::proxy {

class Exchange;
class Http2Upstream;
class Upstream;

struct GroupRuntime {
  explicit GroupRuntime(std::uint64_t seed) : balancer(seed) {}

  Balancer balancer;
  /// Requests waiting for a target with room, oldest first. An exchange takes itself out.
  std::deque<Exchange*> waiting;
  std::uint32_t waiting_limit = 1;  ///< This worker's share.
  std::uint32_t active = 0;         ///< Requests of the group, those that wait included.
  /// The most active ones at once in this second and in the last: what is in flight comes and goes
  /// in batches, and the moment when a batch of answers has come is none to measure a load.
  std::uint32_t peak = 0;
  std::uint32_t last_peak = 0;
  std::uint32_t retries = 0;          ///< Of which are retries (Exchange::begin_retry).
  std::uint32_t in_flight = 0;        ///< Of which have a connection.
  std::uint32_t in_flight_limit = 0;  ///< This worker's share; 0: none.
  bool wake_pending = false;
  bool is_compared = false;  ///< Its targets' success rates are.
};

struct TargetRuntime {
  TargetId id = 0;
  std::string address;  ///< As text, for logs and the Host header.
  net::Endpoint endpoint;
  Address where;
  std::size_t service = 0;  ///< Place in TlsTable::services.
  std::uint32_t in_flight = 0;
  std::uint32_t in_flight_limit = 1;  ///< This worker's share.
  std::uint32_t idle_limit = 1;       ///< Likewise.
  Millis idle_timeout{0};
  std::uint32_t consecutive_failures = 0;
  std::uint32_t consecutive_gateway = 0;  ///< 502, 503, 504 or no answer.
  TargetTally tally;                      ///< Since it was last told to control.
  /// In no current table: connections are closed, not kept.
  bool retired = false;
  std::vector<boost::intrusive_ptr<Upstream>> idle;  ///< The most recently used last.
  /// Those that throw away the rest of a response nobody wants.
  std::vector<boost::intrusive_ptr<Upstream>> discarding;
  config::Upstream spoken;  ///< How its connections speak to it.
  /// Those that speak HTTP/2 and take, or will take, further requests.
  std::vector<boost::intrusive_ptr<Http2Upstream>> http2;
  /// Upgraded connections; each takes itself out.
  std::vector<Exchange*> tunnels;
  boost::local_shared_ptr<GroupRuntime> group;
};

struct ServiceRuntime {
  explicit ServiceRuntime(std::uint64_t seed) : splitter(seed) {}

  Splitter splitter;
};

struct WorkerTable {
  struct Group {
    boost::local_shared_ptr<GroupRuntime> runtime;
    std::vector<boost::local_shared_ptr<TargetRuntime>> targets;  ///< As in GroupView::targets.
  };
  struct Service {
    boost::local_shared_ptr<ServiceRuntime> runtime;
    PerColour<Group> groups;
  };

  RouteTable routes;
  std::vector<Service> services;  ///< As in routes.services.
};

using PinnedTable = boost::local_shared_ptr<const WorkerTable>;

}  // namespace teal::proxy
