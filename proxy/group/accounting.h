// What the end of a request means to those who count it: its slot of traffic, the meanings of
// "error" that a deployment's alarms have (base/error_meaning.h), the access log.
//
// Free functions over plain facts, and a value that says where one request counts. Does not know
// when a request ends.
#pragma once

#include <cstdint>
#include <optional>

#include "base/counters.h"
#include "base/error_meaning.h"
#include "base/grpc_status.h"
#include "net/http/message.h"
#include "proxy/loop/route_pin.h"
#include "proxy/request/response_state.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/shard.h"

namespace teal::proxy {

/// Whether a response of Teal's own is there because the group could not give one, and not because
/// of the client, the routes or Teal's own end.
bool is_fault_of_group(Termination termination);

/// Counts a request that has ended, `micros` after its head was complete. A response cut short is a
/// failure whatever its status line said, and what was shielded counts as what the client would
/// have got from the release. `origin`: who ended it. `grpc`: with what; nothing: it was no call of
/// gRPC.
void count_end(TrafficShard& shard, Origin origin, std::optional<GrpcStatus> grpc,
               std::uint64_t micros, const ResponseState& response, const Shielded& shielded);

/// Where a request counts that is in flight: a slot of traffic and, while a deployment runs whose
/// alarms have other meanings of "error" than the usual one (ServiceView::meanings), those that
/// count it. By which it counts is known when its group is drawn, to which it is an error when it
/// ends.
///
/// A value of one exchange: the slot lives as long as the worker, the meanings are pinned.
class TrafficEntry {
 public:
  /// Of the next request: it counts nowhere.
  void begin() { shard_ = nullptr; }
  /// It counts there from now on. Requires: it counts nowhere.
  void enter(TrafficShard& shard, ActivityCount& activity) {
    shard_ = &shard;
    activity_ = &activity;
    shard.active.add();
  }
  /// And by these of the meanings of the same view, whose numbers go with the slot.
  void count_by(const RoutePin& route, MeaningSet meanings) {
    route_ = route;
    meanings_ = meanings;
  }
  /// It counts nowhere for now.
  void leave();

  /// It counts, or has counted, somewhere.
  bool has_entered() const { return shard_ != nullptr; }
  // Requires, of both: has_entered().
  TrafficShard& shard() const { return *shard_; }
  TrafficShard* operator->() const { return shard_; }

  /// By which meanings the request counts at all.
  MeaningSet counted_by() const { return route_.is_pinned() ? meanings_ : kUsualMeaning; }
  /// To whom it is an error as it has ended, besides the usual meaning; at most counted_by().
  MeaningSet errors(Origin origin, std::optional<GrpcStatus> grpc, const ResponseState& response,
                    const Shielded& shielded) const {
    if (!route_.is_pinned()) [[likely]]
      return 0;
    return errors_by_meanings(origin, grpc, response, shielded);
  }
  /// As count_end(), if it counts; what clients gave up is counted by no meaning.
  void end(Origin origin, std::optional<GrpcStatus> grpc, std::uint64_t micros,
           const ResponseState& response, const Shielded& shielded) {
    if (shard_ == nullptr) return;
    count_end(*shard_, origin, grpc, micros, response, shielded);
    if (route_.is_pinned()) [[unlikely]]
      count_meanings(origin, grpc, response, shielded);
    activity_->add();
    shard_->active.subtract();  // Last: from now on the slot may be another's.
  }

 private:
  MeaningSet errors_by_meanings(Origin origin, std::optional<GrpcStatus> grpc,
                                const ResponseState& response, const Shielded& shielded) const;
  void count_meanings(Origin origin, std::optional<GrpcStatus> grpc, const ResponseState& response,
                      const Shielded& shielded);

  TrafficShard* shard_ = nullptr;
  ActivityCount* activity_ = nullptr;  ///< Its service's, where it counts.
  RoutePin route_;                     ///< Not pinned: it counts by the usual meaning alone.
  MeaningSet meanings_ = kUsualMeaning;
};

/// What a meaning of "error" sees of the request. Nothing: it says nothing of its group, since the
/// client or Teal itself ended it.
std::optional<Ending> ending_of(Origin origin, std::optional<GrpcStatus> grpc,
                                const ResponseState& response, const Shielded& shielded);

// ---- parts of the access log's record. The record refers to what it is made of.
/// `original_target`: as the client sent it.
[[gnu::always_inline]] inline void put_request(AccessRecord& record, const net::RequestHead& head,
                                               net::Slice original_target) {
  record.method = head.text(head.method_text);
  record.target = head.text(original_target);
  record.host = head.text(head.authority);
  record.protocol = net::protocol_name(head.minor_version);
  record.user_agent = head.fields.get(net::HeaderId::user_agent);
  record.referer = head.fields.get(net::HeaderId::referer);
}

[[gnu::always_inline]] inline void put_response(AccessRecord& record, const ResponseState& response,
                                                Origin origin) {
  record.status = response.status;
  record.bytes_sent = response.bytes_sent;
  record.termination = response.termination;
  record.origin = response.is_own ? "teal" : to_string(origin);
  if (response.last_rule != net::Refusal::none) {
    record.detail = net::to_string(response.last_rule);
  } else if (response.last_failure != Failure::none) {
    record.detail = to_string(response.last_failure);
  }
  record.first_byte = response.first_byte_micros;
}

/// Requires: it was shielded.
void put_shielded(AccessRecord& record, const Shielded& shielded);

}  // namespace teal::proxy
