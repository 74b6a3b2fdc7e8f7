#include "proxy/telemetry/shard.h"

#include <bit>

#include "proxy/telemetry/metric_rows.h"

namespace teal::proxy {

namespace {

using Type = MetricSample::Type;

constexpr std::string_view kCompressed = "teal_compressed_responses_total";
constexpr std::string_view kCompressedHelp = "Responses compressed for clients, by coding.";
constexpr std::string_view kPacked = "teal_compression_bytes_total";
constexpr std::string_view kPackedHelp =
    "Bytes of compressed responses, as the target sent and as the client got them.";
constexpr std::string_view kFields = "teal_request_fields_dropped_total";
constexpr std::string_view kFieldsHelp =
    "Header and trailer fields of requests that were not forwarded, by reason.";
constexpr std::string_view kAccess = "teal_access_refused_total";
constexpr std::string_view kAccessHelp =
    "Requests that allow, deny, basic_auth or forward_auth did not let pass, by reason.";
constexpr std::string_view kPasswords = "teal_password_checks_total";
constexpr std::string_view kPasswordsHelp =
    "Passwords that requests came with, by what they were held against.";
constexpr std::string_view kAuths = "teal_forward_auth_requests_total";
constexpr std::string_view kAuthsHelp =
    "Requests that forward_auth was asked about, by who gave the answer.";
constexpr std::string_view kRouteAnswers = "teal_route_answers_total";
constexpr std::string_view kRouteAnswersHelp =
    "Requests that a route answered itself, by kind; they count for no group.";

constexpr MetricRows<Stat> kMetrics{{
    {Stat::requests_active, Type::gauge, "teal_downstream_requests_active",
     "Requests in flight now."},
    {Stat::requests_without_route, Type::counter, kUnserved, kUnservedHelp, "reason", "no_route"},
    {Stat::request_header_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase",
     "request_header"},
    {Stat::keep_alive_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "keep_alive"},
    {Stat::stream_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "stream"},
    {Stat::client_aborts, Type::counter, "teal_client_aborts_total",
     "Requests whose client went away before the response was complete."},
    {Stat::access_log_dropped, Type::counter, "teal_access_log_dropped_total",
     "Access log lines dropped because the writer could not keep up."},
    {Stat::bad_outcomes_dropped, Type::counter, "teal_bad_outcomes_dropped_total",
     "Reports of bad outcomes over the flood limit; the counters still have them."},
    {Stat::judged_events_dropped, Type::counter, "teal_judge_events_dropped_total",
     "Events over the flood limit that the comparison did not get; whose they were had no part in "
     "it."},
    {Stat::route_redirects, Type::counter, kRouteAnswers, kRouteAnswersHelp, "kind", "redirect"},
    {Stat::route_responses, Type::counter, kRouteAnswers, kRouteAnswersHelp, "kind", "respond"},
    {Stat::bodies_too_large, Type::counter, "teal_request_bodies_too_large_total",
     "Requests with a body longer than request_body_bytes (413)."},
    {Stat::fields_twin, Type::counter, kFields, kFieldsHelp, "reason", "reads_like_own"},
    {Stat::fields_underscored, Type::counter, kFields, kFieldsHelp, "reason", "underscore"},
    {Stat::request_trailers, Type::counter, kFields, kFieldsHelp, "reason", "trailer"},
    {Stat::requests_looped, Type::counter, "teal_requests_looped_total",
     "Requests that had come by here several times already (508)."},
    {Stat::rate_limited, Type::counter, "teal_rate_limited_requests_total",
     "Requests over the rate_limit of their route (429)."},
    {Stat::sticky_refused, Type::counter, "teal_sticky_cookies_refused_total",
     "Sticky cookies that Teal did not make, or no longer takes: their clients were drawn anew."},
    {Stat::rate_limit_evictions, Type::counter, "teal_rate_limit_evictions_total",
     "Clients that a full table of a rate_limit forgot before their time."},
    {Stat::overload_requests, Type::counter, "teal_overload_requests_refused_total",
     "Requests answered 503 because Teal was overloaded."},
    {Stat::overload_closed_idle, Type::counter, "teal_overload_idle_connections_closed_total",
     "Idle client connections that overload ended before keep_alive."},
    {Stat::compressed_gzip, Type::counter, kCompressed, kCompressedHelp, "coding", "gzip"},
    {Stat::compressed_brotli, Type::counter, kCompressed, kCompressedHelp, "coding", "br"},
    {Stat::compressions_skipped, Type::counter, "teal_compression_skipped_total",
     "Responses that went uncompressed because the worker had as many streams as it may."},
    {Stat::compression_bytes_in, Type::counter, kPacked, kPackedHelp, "side", "target"},
    {Stat::compression_bytes_out, Type::counter, kPacked, kPackedHelp, "side", "client"},
    {Stat::misdirected, Type::counter, "teal_misdirected_requests_total",
     "Requests refused (421) whose Host has other rules for clients than the handshake's name."},
    {Stat::tunnels, Type::counter, "teal_tunnels_total",
     "Connections that changed their protocol, like those of WebSockets."},
    {Stat::tunnels_active, Type::gauge, "teal_tunnels_active", "Such connections open now."},
    {Stat::tunnels_drained, Type::counter, "teal_tunnels_drained_total",
     "Such connections closed because their target had left its group."},
    {Stat::splices_without_pipe, Type::counter, "teal_splices_without_pipe_total",
     "Reads of a large body into memory because the worker had no pipe for it."},
    {Stat::proxy_header_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase", "proxy_header"},
    {Stat::tls_handshake_timeouts, Type::counter, kTimeouts, kTimeoutsHelp, "phase",
     "tls_handshake"},
    {Stat::access_by_address, Type::counter, kAccess, kAccessHelp, "reason", "address"},
    {Stat::access_no_password, Type::counter, kAccess, kAccessHelp, "reason", "no_password"},
    {Stat::access_wrong_password, Type::counter, kAccess, kAccessHelp, "reason", "wrong_password"},
    {Stat::access_checks_full, Type::counter, kAccess, kAccessHelp, "reason", "checks_full"},
    {Stat::access_checks_late, Type::counter, kAccess, kAccessHelp, "reason", "checks_late"},
    {Stat::access_auth_refused, Type::counter, kAccess, kAccessHelp, "reason", "auth_refused"},
    {Stat::access_auth_failed, Type::counter, kAccess, kAccessHelp, "reason", "auth_failed"},
    {Stat::passwords_by_hash, Type::counter, kPasswords, kPasswordsHelp, "by", "hash"},
    {Stat::passwords_by_cache, Type::counter, kPasswords, kPasswordsHelp, "by", "cache"},
    {Stat::auths_by_service, Type::counter, kAuths, kAuthsHelp, "by", "service"},
    {Stat::auths_by_cache, Type::counter, kAuths, kAuthsHelp, "by", "cache"},
}};

static_assert(follow_the_enumeration(kMetrics), "kMetrics needs one line per Stat, in order");

/// Those that others count by service.
bool has_service_elsewhere(std::string_view name) {
  return name == kUnserved || name == kTimeouts;
}

template <class What>
std::uint64_t sum(std::span<const Shard* const> shards, What what) {
  std::uint64_t total = 0;
  for (const Shard* shard : shards) total += shard->read(what);
  return total;
}

}  // namespace

void HistogramShard::read_into(Histogram& sum) const {
  for (std::size_t i = 0; i < buckets.size(); ++i) sum.buckets[i] += buckets[i].read();
  sum.sum_micros += sum_micros.read();
}

void MeaningShard::record(MeaningSet counted_by, MeaningSet errors) {
  MeaningSet left = counted_by & ~kUsualMeaning;
  if (left == 0) return;
  if (owned_ == nullptr) {
    owned_ = std::make_unique<Counts>();
    // Released, so that a reader who sees the pointer sees the zeros behind it.
    shown_.store(owned_.get(), std::memory_order_release);
  }
  for (; left != 0; left &= left - 1) {
    const auto number = static_cast<std::size_t>(std::countr_zero(left));
    // In this order: a reader finds no more errors than requests, as a rule.
    owned_->requests[number - 1].add();
    if ((errors & meaning_bit(number)) != 0) owned_->errors[number - 1].add();
  }
}

void MeaningShard::read_into(TalliesByMeaning& sum) const {
  const Counts* const counts = shown_.load(std::memory_order_acquire);
  if (counts == nullptr) return;
  for (std::size_t i = 0; i < counts->requests.size(); ++i) {
    const Tally tally{counts->requests[i].read(), counts->errors[i].read()};
    if (tally.requests == 0) continue;
    if (sum.size() <= i) sum.resize(i + 1);
    sum[i] = sum[i] + tally;
  }
}

void TrafficShard::read_into(RequestCounts& sum) const {
  for (std::size_t origin = 0; origin < requests.size(); ++origin)
    for (std::size_t status = 0; status < TrafficCounters::kClasses; ++status)
      sum[origin][status] += requests[origin][status].read();
}

void TrafficShard::read_into(TrafficCounters& sum) const {
  read_into(sum.requests);
  sum.retries += retries.read();
  sum.shielded += shielded.read();
  duration.read_into(sum.duration);
  given_up.read_into(sum.given_up);
  first_byte.read_into(sum.first_byte);
  by_meaning.read_into(sum.by_meaning);
}

void TrafficShard::read_into(GrpcCounts& sum) const {
  for (std::size_t i = 0; i < grpc.size(); ++i) sum[i] += grpc[i].read();
}

void TrafficShard::read_into(Histogram& sum) const {
  duration.read_into(sum);
  given_up.read_into(sum);
}

std::vector<MetricSample> read_stats(std::span<const Shard* const> shards) {
  std::vector<MetricSample> samples;
  samples.reserve(kStats + net::kRefusals);
  for (const auto& row : kMetrics) {
    std::pair<std::string_view, std::string_view> owner;
    if (has_service_elsewhere(row.name)) owner.first = "service";
    samples.push_back(to_sample(row, owner, sum(shards, row.stat)));
  }
  for (std::size_t i = 0; i < net::kRefusals; ++i) {
    const auto rule = static_cast<net::Refusal>(i);
    if (rule == net::Refusal::none) continue;
    MetricSample& sample = samples.emplace_back();
    sample.name = "teal_requests_refused_total";
    sample.help = "Messages refused because they broke a rule of HTTP, by rule.";
    sample.labels.emplace_back("rule", net::to_string(rule));
    sample.value = static_cast<double>(sum(shards, rule));
  }
  return samples;
}

}  // namespace teal::proxy
