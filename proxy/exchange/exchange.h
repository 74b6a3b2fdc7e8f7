// Exchange: one request in flight, from its head to the last byte of the response: route, pick a
// group and a target, connect or take a kept connection, send, relay both ways, retry where that is
// safe, finish and account.
//
//   begin --no route, nobody healthy--> done (own response)
//     |                 queue full ---> done
//     |--gate: gated --passed--> picking         a password, an auth service (request/gate.h)
//     |          | refused, late: done
//     v
//   picking --all full--> queued --room--> picking        another target, fresh connection
//     |                     | timeout: done               ^ (proxy/policy/retry.h)
//     v                                                    |
//   connecting --failed------------------------------------+--give up--> done (502, 504)
//     | connected, or kept                                 |
//     v                                                    |
//   waiting (request goes out) --died---------------------+
//     | response head
//     v
//   relaying --end--> done        died in mid-response: done, truncated
//     | 101 instead, where an upgrade was asked for
//     v
//   tunnel --both ends--> done    (exchange/tunnel.h)
//
// What fails on the release before the client has seen anything of it is, where that is safe, begun
// anew with the live group (exchange/retries.h). The numbers stay with the group that was drawn.
//
// Owned by its client side, used by its worker's thread; pins the routes it began with, except
// while it waits in a queue (then it follows the newest). Does not know codecs, sockets or timers'
// mechanics; TargetSide and ClientSide do.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/outcome.h"
#include "net/http1/parser.h"
#include "proxy/exchange/attempts.h"
#include "proxy/exchange/client_side.h"
#include "proxy/exchange/continue_relay.h"
#include "proxy/exchange/reply_rules.h"
#include "proxy/exchange/retries.h"
#include "proxy/exchange/route_edits.h"
#include "proxy/exchange/target_side.h"
#include "proxy/exchange/tunnel.h"
#include "proxy/group/serving_group.h"
#include "proxy/policy/retry.h"
#include "proxy/request/deadlines.h"
#include "proxy/request/gate.h"
#include "proxy/request/grpc_call.h"
#include "proxy/request/local_reply.h"
#include "proxy/request/queue_entry.h"
#include "proxy/request/replay_buffer.h"
#include "proxy/request/request.h"
#include "proxy/request/response_state.h"
#include "proxy/telemetry/access_log.h"

namespace teal::proxy {

class CensusTaker;

class Exchange final {
 public:
  explicit Exchange(WorkerLoop& loop);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // ---- from the client's side
  /// Takes over the head (its vectors are swapped) and copies its bytes.
  void begin(ClientSide& client, const ClientInfo& info, net::RequestHead& head);
  /// The same of a request of Teal's own, without a body, to the service of `route`, which belongs
  /// to what `asking` is pinned to. It has no line in the access log. Requires: this exchange
  /// serves nothing else.
  struct OwnCall {
    const RoutePin& asking;
    const Route& route;
    const RequestIds& ids;
  };
  [[gnu::cold]] void begin_call(ClientSide& client, const ClientInfo& info, net::RequestHead& head,
                                const OwnCall& call);
  /// Body bytes are taken only while this is true.
  bool wants_body() const {
    if (tunnel_) return tunnel_->wants_client_bytes();
    return (phase_ == Phase::waiting || phase_ == Phase::relaying) &&
           !request_.head.is_extended_connect();
  }
  /// The target may yet change the protocol, and the client's end is that of one direction then.
  bool may_become_tunnel() const { return request_.upgrade.is_asked(); }
  /// How long the client may be silent in mid-body.
  /// 0: as long as it likes, since a call of gRPC may be a conversation, whose silence is timed as
  /// a whole, and since an answer that came instead of a 100 makes the body needless.
  Millis request_body_idle() const {
    const bool is_timed = !grpc_.is_call() && !continue_.expectation().is_body_needless();
    return is_timed ? route().timeouts().request_body_idle : Millis{0};
  }
  /// The target takes no more for now; ClientSide::resume_request() follows.
  bool is_upload_blocked() const { return attempts_.is_blocked(); }
  void on_request_body(std::string_view bytes);
  void on_request_end(const net::Fields& trailers);
  /// What broke the rules came in mid-request: the response, if not begun, is this refusal.
  void on_request_refused(net::Refusal rule);
  /// The body stopped coming, as far as the client's side knows.
  void on_request_stalled();
  /// `in_order`: it closed what it had opened, and did not break it off; of a tunnel that is an
  /// end.
  void on_client_gone(bool in_order = false);
  /// The client takes output again.
  void on_client_unblocked();
  /// The worker stops now.
  void on_shutdown();

  // ---- from the upstream
  /// The request goes out by `side`, which may be another than the one that was waited for.
  void on_connected(TargetSide& side);
  /// The request waits by `side` from now on.
  void on_moved(TargetSide& side) { attempts_.move_to(side); }
  /// The target that is waited for takes no request for now.
  void on_full();
  void on_response_head(net::ResponseHead& head);
  void on_response_body(std::string_view bytes);
  /// Where the rest of the body may go without being shown; null: nowhere.
  Channel* bare_output() const;
  /// So much of the body has gone there.
  void on_response_spliced(std::size_t size);
  /// `clean`: nothing stood behind the response, the connection can be used again.
  void on_response_end(const net::Fields& trailers, bool clean);
  /// `is_own_lack`: of Failure::connect, since Teal itself lacks what a connection takes.
  void on_upstream_failed(Failure failure, net::Refusal rule, bool is_own_lack = false);
  void on_upstream_unblocked();
  /// The callback's input is used up: look whether the client keeps up.
  void after_response_input();

  // ---- from the worker
  /// If it is in flight and counts for a group.
  void add_to_census(CensusTaker& census) const {
    serving_.add_to(census);
    if (gate_) gate_->add_to_census(census);
  }

 private:
  /// While it waits for room it is connecting, too.
  enum class Phase : std::uint8_t { idle, gated, connecting, waiting, relaying, tunnel, done };

  const RoutePin& route() const { return serving_.route(); }

  void take_up(ClientSide& client, const ClientInfo& info, net::RequestHead& head);
  /// What the route says, but for what it says of targets. True: the request is over, or waits.
  bool is_held_by_route();
  bool enter_gate();
  void on_gate();
  /// Draws a group, and asks a target.
  void start();

  // exchange/targets.cc: asking a target, waiting for one, failures, time
  void attempt();
  bool open_upstream(std::size_t index, bool fresh);
  void send_request();
  void enter_queue();
  void on_room();
  void refuse_room(std::string_view text, Termination termination);
  /// False: it is over.
  bool follow_newest();
  void on_deadline();

  // exchange/shield.cc: once more, and what the client must not see
  /// Requires: the upstream is let go of.
  void follow(Next next, const FailedAttempt& failed);
  /// `failed`: what the release did; null where that was nothing bad.
  void go_live(const FailedAttempt* failed);
  void give_up(const FailedAttempt& failed);
  // Each sends the request elsewhere where it can: true if it has.
  bool try_retry_status(std::uint16_t status);
  bool try_replay_unseen();
  bool try_replay_after_timeout();
  /// The target has the whole request and is known to have read it: its connection can be kept.
  bool has_target_read() const {
    return request_.is_whole && !continue_.expectation().is_in_doubt();
  }

  // exchange/upgrade.cc: connections that change their protocol
  void on_switched(net::ResponseHead& head);
  /// Requires: there is a tunnel.
  void end_tunnel(Termination why, bool client_is_gone = false);

  // exchange/finish.cc: replies of Teal's own, the end
  /// True: the rule gives a reply, and the exchange is over. Away from the usual way of a request,
  /// whose code gets by without what a reply needs.
  bool try_reply(ReplyRule rule);
  void reply(const LocalReply& reply);
  /// Where the response has begun it is cut off, by the fault of `origin`.
  void reply_or_truncate(const LocalReply& reply, Origin origin);
  void truncate(Termination termination, Origin origin);
  /// It waits for nothing and nobody any more.
  void leave_waits();
  /// False: the compressor has failed, and the exchange is done.
  bool send_compressed(ResponseCompressor::Step step, std::string_view bytes = {});
  void finish(Origin origin);
  void log(Origin origin);

  WorkerLoop& loop_;
  ClientSide* client_ = nullptr;
  Phase phase_ = Phase::idle;
  Request request_;
  ServingGroup serving_;
  Attempts attempts_;
  Deadlines deadlines_;
  QueueEntry queue_;
  ReplayBuffer replay_;
  GrpcCall grpc_;
  ResponseState response_;
  ContinueRelay continue_;
  RouteEdits edits_;
  Retries retries_;
  std::unique_ptr<Tunnel> tunnel_;  ///< Null: there is none.
  std::unique_ptr<Gate> gate_;      ///< Null: no request had to pass one yet.
};

}  // namespace teal::proxy
