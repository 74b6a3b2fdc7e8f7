// ResponseState: what an exchange has told its client so far, and how that ended. Shielded: what
// became of the request on the release, where the live group was asked after it.
//
// Plain values of one exchange: nobody but the exchange changes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/smart_ptr/local_shared_ptr.hpp>

#include "base/counters.h"
#include "base/grpc_status.h"
#include "base/outcome.h"
#include "net/http/message.h"
#include "net/http/refusal.h"
#include "proxy/telemetry/access_log.h"

namespace teal::proxy {

struct TargetRuntime;

struct ResponseState {
  /// The target's answer is passed on. `means`: its outcome. A client of HTTP/1.0 knows no chunks.
  void take_head(const net::ResponseHead& head, std::uint16_t means, bool client_is_http10) {
    status = head.status;
    outcome = means;
    framing = head.framing;
    using Kind = net::Framing::Kind;
    if (framing.kind == Kind::chunked || framing.kind == Kind::until_close)
      framing.kind = client_is_http10 ? Kind::until_close : Kind::chunked;
  }

  std::uint16_t status = 0;       ///< As sent.
  std::uint16_t outcome = 0;      ///< What it means: of gRPC not the same.
  bool is_own = false;            ///< Teal made it.
  bool was_cut = false;           ///< It began and could not be completed.
  bool has_sent_interim = false;  ///< The client has seen a beginning of it.
  Termination termination = Termination::ok;
  Failure last_failure = Failure::none;         ///< Of an attempt at a target.
  net::Refusal last_rule = net::Refusal::none;  ///< The rule of HTTP that was broken last.
  net::Framing framing = {};
  std::uint64_t bytes_sent = 0;         ///< Of its body.
  std::int64_t first_byte_micros = -1;  ///< Since the request began; -1: there was none.
};

struct Shielded {
  bool is = false;
  Colour from = Colour::green;
  Failure failure = Failure::none;  ///< None: it was only kept from being seen.
  std::uint16_t status = 0;         ///< That the client would have got; 0 where nothing failed.
  std::optional<GrpcStatus> grpc;   ///< Of the target's answer, where that was one of gRPC.
  Origin origin = Origin::teal;     ///< Who would have made it.
  boost::local_shared_ptr<TargetRuntime> target;
  std::string header;  ///< Of the response; empty for those who may not know.

  /// Some failure of the release is to be counted, whatever the live group answers.
  bool is_blamed() const { return status != 0; }
  std::string_view reason() const {
    if (failure == Failure::none) return "exposure";
    return failure == Failure::connect && status == 503 ? "no_room" : to_string(failure);
  }
};

}  // namespace teal::proxy
