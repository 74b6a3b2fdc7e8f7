// What a finished request leaves behind: its line in the log, its numbers.
#include <benchmark/benchmark.h>

#include "base/histogram.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/shard.h"

namespace teal::bench {
namespace {

proxy::AccessRecord record_of_a_get() {
  proxy::AccessRecord record;
  record.at = WallTime{std::chrono::seconds{1'795'000'000}};
  record.client = "203.0.113.7";
  record.method = "GET";
  record.target = "/catalogue/garden/chairs?page=3&sort=price";
  record.host = "shop.example.com";
  record.protocol = "HTTP/1.1";
  record.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
  record.status = 200;
  record.bytes_sent = 128;
  record.service = "shop";
  record.group = "blue";
  record.upstream = "10.0.0.1:8080";
  record.revision = "v41";
  record.request_id = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
  record.trace_id = "0af7651916cd43dd8448eb211c80319c";
  record.origin = "target";
  record.attempts = 1;
  record.reused = true;
  record.connect = 0;
  record.first_byte = 812;
  record.total = 845;
  return record;
}

template <void (*kAppend)(ByteBuffer&, const proxy::AccessRecord&)>
void write_log_line(benchmark::State& state) {
  const proxy::AccessRecord record = record_of_a_get();
  ByteBuffer out;
  for (auto _ : state) {
    out.clear();
    kAppend(out, record);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(write_log_line<proxy::append_json>)->Name("write_log_line/json");
BENCHMARK(write_log_line<proxy::append_combined>)->Name("write_log_line/combined");

void record_metrics(benchmark::State& state) {
  proxy::Shard shard;
  std::uint64_t micros = 700;
  for (auto _ : state) {
    proxy::TrafficShard& traffic = shard.traffic(0);
    traffic.active.add();
    traffic.requests[0][1].add();
    traffic.duration.record(micros);
    traffic.first_byte.record(micros);
    traffic.active.subtract();
    micros = micros * 5 % 9'973;  // another bucket each time
  }
}
BENCHMARK(record_metrics);

}  // namespace
}  // namespace teal::bench
