#include "proxy/group/accounting.h"

#include "proxy/loop/target_runtime.h"

namespace teal::proxy {

bool is_fault_of_group(Termination termination) {
  switch (termination) {
    case Termination::no_target:
    case Termination::queue_full:
    case Termination::queue_timeout:
    case Termination::request_timeout:
    case Termination::connect_failed:
    case Termination::connect_timeout:
    case Termination::upstream_reset:
    case Termination::response_timeout:
    case Termination::upstream_protocol: return true;
    default: return false;
  }
}

void count_end(TrafficShard& shard, Origin origin, std::optional<GrpcStatus> grpc,
               std::uint64_t micros, const ResponseState& response, const Shielded& shielded) {
  const bool is_blamed = shielded.is_blamed();
  const std::uint16_t status = is_blamed          ? shielded.status
                               : response.was_cut ? std::uint16_t{502}
                                                  : response.outcome;
  if (is_blamed) origin = shielded.origin;
  const std::size_t status_class = status >= 100 && status < 600 ? status / 100 - 1U : 3U;
  if (grpc) shard.grpc[static_cast<std::size_t>(*grpc)].add();
  if (origin != Origin::client) {
    shard.duration.record(micros);
    if (response.first_byte_micros >= 0)
      shard.first_byte.record(static_cast<std::uint64_t>(response.first_byte_micros));
  } else if (response.termination == Termination::client_gone) {
    // How long it would have taken is not known, only that it took longer (docs/judge.md).
    shard.given_up.record(micros);
  }
  // Last: whoever finds as many requests as before need not read the rest again.
  shard.requests[static_cast<std::size_t>(origin)][status_class].add();
}

std::optional<Ending> ending_of(Origin origin, std::optional<GrpcStatus> grpc,
                                const ResponseState& response, const Shielded& shielded) {
  Ending ending{.status = response.outcome, .grpc = grpc};
  if (shielded.is_blamed()) {
    ending.status = shielded.status;
    ending.is_failure = shielded.failure != Failure::status;
  } else if (origin == Origin::client) {
    return std::nullopt;
  } else if (response.was_cut) {
    ending.status = 502;
    ending.is_failure = true;
  } else if (origin == Origin::teal) {
    if (!is_fault_of_group(response.termination)) return std::nullopt;
    ending.is_failure = true;
  }
  return ending;
}

void TrafficEntry::leave() {
  if (shard_ != nullptr) shard_->active.subtract();
  shard_ = nullptr;
  if (route_.is_pinned()) route_.release();
}

/// Teal's own refusals (400, 408, 413) are errors to none: they say nothing of the group. What the
/// group did not answer is a failure, and counts by the status that stands for it.
MeaningSet TrafficEntry::errors_by_meanings(Origin origin, std::optional<GrpcStatus> grpc,
                                            const ResponseState& response,
                                            const Shielded& shielded) const {
  const std::optional<Ending> end = ending_of(origin, grpc, response, shielded);
  return end ? route_.service().meanings->errors(*end) & meanings_ : 0;
}

void TrafficEntry::count_meanings(Origin origin, std::optional<GrpcStatus> grpc,
                                  const ResponseState& response, const Shielded& shielded) {
  if (origin != Origin::client || shielded.is_blamed())
    shard_->by_meaning.record(meanings_, errors(origin, grpc, response, shielded));
  route_.release();
}

void put_shielded(AccessRecord& record, const Shielded& shielded) {
  record.shielded_group = to_string(shielded.from);
  if (shielded.target) record.shielded_upstream = shielded.target->address();
  record.shield_reason = shielded.reason();
  if (shielded.failure == Failure::status) record.shielded_status = shielded.status;
}

}  // namespace teal::proxy
