// The scanner and what writes heads anew.
#include <benchmark/benchmark.h>

#include "base/byte_buffer.h"
#include "base/rng.h"
#include "bench/micro/heads.h"
#include "net/http1/parser.h"
#include "proxy/headers/rewrite.h"

namespace teal::bench {
namespace {

void read_request(benchmark::State& state, std::string_view input) {
  net::RequestParser parser{{}};
  for (auto _ : state) {
    benchmark::DoNotOptimize(parser.next(input).event);  // the head
    benchmark::DoNotOptimize(parser.next({}).event);     // its end
    parser.restart();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.size()));
}
BENCHMARK_CAPTURE(read_request, small, kSmallRequest);
BENCHMARK_CAPTURE(read_request, browser, kBrowserRequest);

void read_response(benchmark::State& state) {
  net::ResponseParser parser{{}};
  const std::string body(128, 'x');
  for (auto _ : state) {
    parser.expect(net::Method::get);
    benchmark::DoNotOptimize(parser.next(kResponse).event);
    benchmark::DoNotOptimize(parser.next(body).event);
    benchmark::DoNotOptimize(parser.next({}).event);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kResponse.size()));
}
BENCHMARK(read_response);

void write_request_head(benchmark::State& state, std::string_view input) {
  net::RequestParser parser{{}};
  parser.next(input);
  const proxy::Peer peer{.address = "203.0.113.7"};
  Rng rng{1};
  proxy::RequestIds ids;
  proxy::make_request_ids(parser.head(), peer, rng, ids);
  const proxy::Hop hop{1};
  ByteBuffer out;
  for (auto _ : state) {
    out.clear();
    proxy::append_request_head(out, parser.head(), {peer, {}, "10.0.0.1:8080", ids, hop});
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK_CAPTURE(write_request_head, small, kSmallRequest);
BENCHMARK_CAPTURE(write_request_head, browser, kBrowserRequest);

void write_response_head(benchmark::State& state) {
  net::ResponseParser parser{{}};
  parser.expect(net::Method::get);
  parser.next(kResponse);
  proxy::ResponseStyle style;
  style.framing = parser.head().framing;
  style.request_id = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
  ByteBuffer out;
  for (auto _ : state) {
    out.clear();
    proxy::append_response_head(out, parser.head(), style);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(write_response_head);

void make_ids(benchmark::State& state) {
  net::RequestParser parser{{}};
  parser.next(kSmallRequest);
  Rng rng{1};
  proxy::RequestIds ids;
  for (auto _ : state) {
    proxy::make_request_ids(parser.head(), {}, rng, ids);
    benchmark::DoNotOptimize(ids);
  }
}
BENCHMARK(make_ids);

}  // namespace
}  // namespace teal::bench
