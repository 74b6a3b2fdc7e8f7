// The request under other meanings of "error" than the usual one, every 5xx: only while a
// deployment runs whose alarms have some (ServiceView::meanings). Which of them count it is known
// by its path when its group is drawn; to which it is an error, when it ends.
//
// Teal's own refusals (400, 408, 413) are errors to none: they say nothing of the group. What the
// group did not answer is a failure, and counts by the status that stands for it.
#include "proxy/exchange/accounting.h"
#include "proxy/exchange/exchange.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

/// Its slot is that of the same table, and so are the numbers of the meanings.
void Exchange::begin_meanings() {
  if (assignment_.audience != Audience::split) return;
  counted_ = route_;
  const ErrorMeanings& meanings = *service().meanings;
  counted_by_ = meanings.counting(
      meanings.asks_for_path() ? request_.path_as_it_came(listener().paths) : std::string_view());
}

MeaningSet Exchange::errors_at_end(Origin origin) const {
  const std::optional<Ending> end =
      ending_of(origin, grpc_.end(response_, shielded_), response_, shielded_);
  return end ? counted_.service().meanings->errors(*end) & counted_by_ : 0;
}

/// What clients gave up is counted by nobody.
void Exchange::count_meanings(TrafficShard& shard, Origin origin) {
  if (origin != Origin::client || shielded_.is_blamed())
    shard.by_meaning.record(counted_by_, errors_at_end(origin));
  counted_.release();
}

}  // namespace teal::proxy
