// Prober: one probe of one target: a TCP (or Unix) connection, with a TLS handshake where the
// service has it, and on it a GET over HTTP/1.1 or HTTP/2, or a call of gRPC's health service.
// Always on a fresh connection, because a kept one would hide a firewall, a full accept queue, or a
// process that only finishes what it has (docs/adr/0029-probes.md).
//
// Owned by whoever began it and, while it runs, by the reactor whose thread it lives on. Knows no
// time: its owner calls time_out(). Does not decide when to probe or what a result means for the
// target (health/probe/probe_loop.h, health/probe/rise_fall.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/address.h"
#include "health/probe/http1_probe.h"
#include "health/probe/http2_probe.h"
#include "health/probe/probe_plan.h"
#include "net/io/reactor.h"
#include "net/stream/stream.h"

namespace teal::health {

/// What the probes of one thread share: nothing in it outlives a call.
struct ProbeScratch {
  net::TlsScratch tls;
  std::string output;
  std::array<char, 16 * 1024> input{};
};

class Prober final : public net::EventHandler {
 public:
  /// A body is read to its end to see that the answer completes, but no further than this: who got
  /// so far has answered, and the status decides.
  static constexpr std::size_t kBodyLimit = std::size_t{64} * 1024;
  /// So many bytes of an answer are read, its framing included: who sends more would keep the
  /// others waiting.
  static constexpr std::size_t kAnswerLimit = 16 * kBodyLimit;

  enum class Start : std::uint8_t {
    running,
    over,     ///< It failed at once.
    lacking,  ///< We have no descriptor or memory for it now, which says nothing of the target.
  };
  using Done = std::function<void()>;

  /// `target` and everything else that is referred to outlives the probe.
  Prober(net::Reactor& reactor, ProbeScratch& scratch, const Address& target,
         std::shared_ptr<const ProbePlan> plan, Done done);
  ~Prober() override;

  /// `done` is called once if it is running then, from the reactor's turn or from time_out(); it
  /// may let go of the Prober.
  Start start();
  /// Its time is over.
  void time_out();
  /// Ends it: `done` is not called any more.
  void cancel();

  // ---- when it is over
  bool passed() const { return passed_; }
  /// "status 200", "connected", "SERVING"; "connection refused", "status 503, expected 200-299",
  /// "timed out after 1s". Made here, because hardly anybody asks.
  std::string reason() const;

  // ---- EventHandler
  void on_ready(net::Readiness ready) override;

 private:
  enum class Phase : std::uint8_t { connecting, shaking_hands, asking, over };

  void on_connected(bool has_come);
  void shake_hands();
  void on_open(bool has_come);
  bool write();
  void read();
  void look_at_answer(bool has_ended);
  void judge_http1();
  void judge_http2();
  void judge_grpc();
  bool is_expected(unsigned status) const;
  void fail(std::string why);
  void fail_by(int error);
  void finish(bool passed);
  void close();

  net::Reactor& reactor_;
  ProbeScratch& scratch_;
  const Address& target_;
  const std::shared_ptr<const ProbePlan> plan_;
  Done done_;
  net::Stream stream_{net::Socket()};
  Phase phase_ = Phase::over;
  bool has_ended_ = false;  ///< The target will send no more.
  bool passed_ = false;
  std::size_t came_ = 0;  ///< Bytes of the answer.
  int error_ = 0;         ///< errno that it failed by.
  unsigned status_ = 0;   ///< Of the answer that it passed by.
  std::string failure_;   ///< Why it failed, if not by an errno.
  std::string unsent_;
  std::unique_ptr<Http1Probe> http1_;  ///< Once something has come.
  std::unique_ptr<Http2Probe> http2_;
};

}  // namespace teal::health
