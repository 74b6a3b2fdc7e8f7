#include "health/probe/prober.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "base/ascii.h"
#include "health/probe/grpc_health.h"
#include "health/probe/http1_probe.h"
#include "health/probe/http2_probe.h"
#include "net/http/host_field.h"
#include "net/io/asio_endpoint.h"
#include "net/io/proxy_protocol.h"
#include "net/stream/maybe_tls.h"

namespace teal::health {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using Protocol = asio::generic::stream_protocol;

constexpr auto kCompletion = asio::as_tuple(asio::use_awaitable);

std::string in_words(const error_code& error) {
  if (error == asio::error::eof) return "connection closed without an answer";
  std::string text = error.message();
  // "Connection refused" in the middle of a sentence.
  if (!text.empty()) text.front() = to_lower(text.front());
  return text;
}

bool is_expected(unsigned status, const std::vector<config::StatusRange>& expected) {
  return std::ranges::any_of(
      expected, [status](const config::StatusRange& range) { return range.contains(status); });
}

std::string in_words(const std::vector<config::StatusRange>& expected) {
  std::string text;
  for (const config::StatusRange& range : expected) {
    if (!text.empty()) text += " or ";
    text += std::to_string(range.first);
    if (range.last != range.first) text += "-" + std::to_string(range.last);
  }
  return text;
}

std::string host_of(const Address& address, const config::HealthCheck& check) {
  return check.host.empty() ? net::host_field_of(address) : check.host;
}

ProbeRequest request_of(const Address& address, const config::HealthCheck& check) {
  if (check.kind == config::HealthCheck::Kind::grpc)
    return {"POST", host_of(address, check), "/grpc.health.v1.Health/Check",
            "user-agent: teal-probe\r\ncontent-type: application/grpc\r\nte: trailers\r\n",
            grpc_health_request(check.grpc_service)};
  return {"GET",
          host_of(address, check),
          check.path.empty() ? "/" : check.path,
          "user-agent: teal-probe\r\naccept: */*\r\n",
          {}};
}

/// What a probe asks, as HTTP/1, where it is said that no more requests follow.
std::string http1_head_of(const Address& address, const config::HealthCheck& check) {
  const ProbeRequest request = request_of(address, check);
  return request.method + " " + request.path + " HTTP/1.1\r\nhost: " + request.host + "\r\n" +
         request.lines + "connection: close\r\n\r\n";
}

}  // namespace

/// What the probe under way needs. The coroutine and the timer hold it, so that a Prober may go at
/// any time; an empty `done` says that it went.
struct Prober::Run {
  Run(asio::io_context& io, const Address& target, const config::HealthCheck& how, Done whom,
      ProbePreamble how_first)
      : address(target),
        check(how),
        done(std::move(whom)),
        preamble(std::move(how_first)),
        stream(io),
        timer(io) {}

  static asio::awaitable<void> carry_out(std::shared_ptr<Run> run);
  asio::awaitable<ProbeResult> probe();
  asio::awaitable<ProbeResult> ask_http1();
  asio::awaitable<ProbeResult> ask_http2();
  ProbeResult judge_http2(const Http2Probe& probe) const;
  ProbeResult judge_grpc(const Http2Probe& probe) const;
  ProbeResult judge_http1(const Http1Probe& probe) const;
  void close();
  ProbeResult failed(const std::string& why) const;

  Address address;
  config::HealthCheck check;
  Done done;
  ProbePreamble preamble;
  std::string proxy_header;  ///< While it is being written.
  net::MaybeTls<Protocol::socket> stream;
  Protocol::socket& socket = stream.next();
  asio::steady_timer timer;
  bool has_timed_out = false;
  std::array<char, 4096> piece{};  ///< Of what comes.
};

void Prober::Run::close() {
  timer.cancel();
  error_code ignored;  // Nothing is lost with a connection that only ever carried a probe.
  socket.close(ignored);
}

ProbeResult Prober::Run::failed(const std::string& why) const {
  // Once the timer has closed the socket every operation fails, but that is not the reason.
  return {false, has_timed_out ? "timed out after " + format_duration(check.timeout) : why};
}

asio::awaitable<void> Prober::Run::carry_out(std::shared_ptr<Run> run) {
  if (!run->done) co_return;
  run->timer.expires_after(run->check.timeout);
  run->timer.async_wait([run](const error_code& error) {
    if (error || !run->socket.is_open()) return;
    run->has_timed_out = true;
    run->close();
  });
  const ProbeResult result = co_await run->probe();
  run->close();
  // Out of the run first: it may destroy the Prober, which empties what is running.
  const Done done = std::exchange(run->done, nullptr);
  if (done) done(result);
}

asio::awaitable<ProbeResult> Prober::Run::probe() {
  const Result<net::AsioEndpoint> endpoint = net::to_asio_endpoint(address);
  if (!endpoint) co_return failed(endpoint.error().message());
  error_code error;
  socket.open(endpoint->protocol(), error);
  if (error) co_return failed(in_words(error));
  std::tie(error) = co_await socket.async_connect(*endpoint, kCompletion);
  if (error) co_return failed(in_words(error));
  // A Unix socket with a full queue lets the operation end without a connection.
  socket.remote_endpoint(error);
  if (error) co_return failed("not accepted: " + in_words(error));
  if (preamble.proxy_protocol) {
    // The probe is about no client: a connection of Teal's own.
    proxy_header = net::make_local_proxy_header(*preamble.proxy_protocol);
    const auto [write_error, size] =
        co_await asio::async_write(socket, asio::buffer(proxy_header), kCompletion);
    if (write_error) co_return failed(in_words(write_error));
  }
  if (preamble.tls) {
    stream.start_tls(*preamble.tls, address,
                     check.http2 ? config::TargetProtocol::http2 : config::TargetProtocol::http1);
    std::tie(error) = co_await stream.handshake(kCompletion);
    if (error) co_return failed("no TLS: " + in_words(error));
  }
  if (check.kind == config::HealthCheck::Kind::tcp) co_return ProbeResult{true, "connected"};
  if (check.http2) co_return co_await ask_http2();
  co_return co_await ask_http1();
}

asio::awaitable<ProbeResult> Prober::Run::ask_http2() {
  const bool is_grpc = check.kind == config::HealthCheck::Kind::grpc;
  Http2Probe probe(request_of(address, check), preamble.tls != nullptr, kBodyLimit);
  while (true) {
    const std::string output = probe.take_output();
    const auto [write_error, written] =
        co_await asio::async_write(stream, asio::buffer(output), kCompletion);
    if (write_error) co_return failed(in_words(write_error));
    if (probe.is_over()) break;
    const auto [read_error, size] =
        co_await stream.async_read_some(asio::buffer(piece), kCompletion);
    if (read_error) co_return failed(in_words(read_error));
    probe.feed({piece.data(), size});
  }
  co_return is_grpc ? judge_grpc(probe) : judge_http2(probe);
}

ProbeResult Prober::Run::judge_http2(const Http2Probe& probe) const {
  const std::string answer = "status " + std::to_string(probe.status());
  if (probe.status() != 0 && !is_expected(probe.status(), check.expect))
    return failed(answer + ", expected " + in_words(check.expect));
  if (!probe.failure().empty()) return failed(probe.failure());
  return {true, answer};
}

ProbeResult Prober::Run::judge_grpc(const Http2Probe& probe) const {
  if (!probe.failure().empty()) return failed(probe.failure());
  if (probe.status() != 200)
    return failed("status " + std::to_string(probe.status()) + ", not gRPC");
  if (probe.grpc_status() != "0")
    return failed("grpc-status " + (probe.grpc_status().empty() ? "missing" : probe.grpc_status()));
  const Serving serving = read_grpc_health(probe.body());
  const std::string answer(to_string(serving));
  if (serving != Serving::serving) return failed(answer + ", expected SERVING");
  return {true, answer};
}

asio::awaitable<ProbeResult> Prober::Run::ask_http1() {
  const std::string head = http1_head_of(address, check);
  const auto [write_error, written] =
      co_await asio::async_write(stream, asio::buffer(head), kCompletion);
  if (write_error) co_return failed(in_words(write_error));
  Http1Probe probe(kBodyLimit);
  // An unexpected status is answer enough.
  while (!probe.is_over() && (probe.status() == 0 || is_expected(probe.status(), check.expect))) {
    const auto [read_error, size] =
        co_await stream.async_read_some(asio::buffer(piece), kCompletion);
    if (read_error && read_error != asio::error::eof) co_return failed(in_words(read_error));
    if (read_error)
      probe.feed_end();
    else
      probe.feed({piece.data(), size});
  }
  co_return judge_http1(probe);
}

ProbeResult Prober::Run::judge_http1(const Http1Probe& probe) const {
  if (probe.status() == 0) return failed(probe.failure());
  const std::string answer = "status " + std::to_string(probe.status());
  if (!is_expected(probe.status(), check.expect))
    return failed(answer + ", expected " + in_words(check.expect));
  if (!probe.failure().empty()) return failed(answer + ", but " + probe.failure());
  return {true, answer};
}

Prober::Prober(asio::io_context& io, const Address& address, const config::HealthCheck& check,
               Done done, const ProbePreamble& preamble)
    : run_(std::make_shared<Run>(io, address, check, std::move(done), preamble)) {
  // Posted, because a coroutine that is spawned on its own thread may begin at once.
  asio::post(io, [run = run_] {
    asio::co_spawn(run->socket.get_executor(), Run::carry_out(run), asio::detached);
  });
}

Prober::~Prober() {
  run_->done = nullptr;
  run_->close();
}

}  // namespace teal::health
