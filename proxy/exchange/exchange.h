// Exchange: one request in flight, from its head to the last byte of the response: route, pick a
// group and a target, connect or take a kept connection, send, relay both ways, retry where that is
// safe, finish and account.
//
//   begin --no route, nobody healthy--> done (own response)
//     |                 queue full ---> done
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
// anew with the live group (exchange/shield.cc). The numbers stay with the group that was drawn.
//
// Owned by its client side, used by its worker's thread; pins the RouteTable it began with, except
// while it waits in a queue (then it follows the newest). Does not know codecs, sockets or timers'
// mechanics; TargetSide and ClientSide do.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/counters.h"
#include "base/outcome.h"
#include "net/http1/parser.h"
#include "proxy/exchange/attempts.h"
#include "proxy/exchange/client_side.h"
#include "proxy/exchange/deadlines.h"
#include "proxy/exchange/judge_reporter.h"
#include "proxy/exchange/response_compressor.h"
#include "proxy/exchange/target_side.h"
#include "proxy/exchange/tunnel.h"
#include "proxy/headers/compress.h"
#include "proxy/headers/error_pages.h"
#include "proxy/headers/trailers.h"
#include "proxy/headers/upgrade.h"
#include "proxy/loop/route_pin.h"
#include "proxy/policy/expectation.h"
#include "proxy/policy/retry.h"
#include "proxy/request/accounting.h"
#include "proxy/request/assignment.h"
#include "proxy/request/exposure_hold.h"
#include "proxy/request/grpc_call.h"
#include "proxy/request/local_reply.h"
#include "proxy/request/permits.h"
#include "proxy/request/queue_entry.h"
#include "proxy/request/recovery.h"
#include "proxy/request/replay_buffer.h"
#include "proxy/request/request.h"
#include "proxy/request/response_state.h"
#include "proxy/telemetry/access_log.h"
#include "proxy/telemetry/shard.h"

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
    const bool is_timed = !grpc_.is_call() && !expectation_.is_body_needless();
    return is_timed ? route_.timeouts().request_body_idle : Millis{0};
  }
  /// The target takes no more for now; ClientSide::resume_request() follows.
  bool is_upload_blocked() const;
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
  void on_upstream_failed(Failure failure, net::Refusal rule);
  void on_upstream_unblocked();
  /// The callback's input is used up: look whether the client keeps up.
  void after_response_input();

  /// If it is in flight and counts for a group.
  void be_seen(CensusTaker& census) const;

 private:
  /// While it waits for room it is connecting, too.
  enum class Phase : std::uint8_t { idle, connecting, waiting, relaying, tunnel, done };

  // exchange/fields.cc: fields that few requests have. Each false: it was answered.
  /// The client waits for a word on its body: the target is given its time, or Teal says it.
  void await_continue();
  void on_continue();
  void on_continue_timeout();
  void send_continue(ServiceStat by);
  void take_unasked_body();
  void take_answer(const net::ResponseHead& head);
  /// What is for this hop: an upgrade, trailers.
  bool settle_hop();
  bool takes_trailers() const;
  bool send_trailers(const net::Fields& trailers);
  void answer_trailers(const net::Fields& trailers);
  // What the route says besides asking a target.
  // Each answers where nobody else is to: true, or always. Away from the usual way of a request,
  // whose code gets by without what a reply needs.
  void refuse_overload();
  void reply_without_route();
  bool try_answer_by_way();
  bool try_answer_by_route();
  void change_request();
  void edit_response(net::ResponseHead& head);
  /// False: the compressor has failed, and the exchange is done.
  bool send_compressed(ResponseCompressor::Step step, std::string_view bytes = {});

  // exchange.cc: the flow
  bool route();
  void choose_group();
  void attempt();
  void send_request();
  void take_response(const net::ResponseHead& head, std::uint16_t outcome);
  void settle_outcome();

  // exchange/shield.cc: once more, and what the client must not see
  void join_group() { attempts_.join(route_.group_runtime(colour_).runtime); }
  void leave_group();
  bool is_on_release() const;
  RecoveryFacts recovery_facts() const;
  /// Counts what stands in the way, and takes a place in the retry budget where one is needed.
  Next decide(const FailedAttempt& failed, bool group_is_exhausted = false);
  /// Than the present one and those that were tried.
  bool has_other_target() const;
  /// Requires: the upstream is let go of.
  void follow(Next next, const FailedAttempt& failed);
  // Each sends the request elsewhere where it can: true if it has.
  bool try_other_group_for_room();
  bool try_retry_status(std::uint16_t status);
  bool try_replay_unseen();
  bool try_replay_after_timeout();
  /// `failed`: what the release did; null where that was nothing bad.
  void go_live(const FailedAttempt* failed);
  /// The target has the whole request and is known to have read it: its connection can be kept.
  bool has_target_read() const { return request_.is_whole && !expectation_.is_in_doubt(); }
  void limit_exposure();
  void end_exposure(bool failed);

  // exchange/targets.cc: targets, queue, failures
  bool open_upstream(std::size_t target, bool fresh);
  void enter_queue();
  void on_room();
  /// False: it is over.
  bool follow_newest();
  // Targets that take no request for now, or did not begin this one.
  bool goes_to_full_target();
  bool ends_wait_for_stream();
  void end_wait();
  void give_up(Failure failure);

  void after_failed_attempt(Failure failure, net::Refusal rule);
  void on_deadline();

  // exchange/upgrade.cc: connections that change their protocol
  bool choose_upgrade();
  void refuse_upgrade();
  bool goes_without_upgrade();
  void on_switched(net::ResponseHead& head);
  /// Requires: there is a tunnel.
  void end_tunnel(Termination why, bool client_is_gone = false);

  // exchange/finish.cc: own responses, accounting, log
  void reply(const LocalReply& reply);
  void reply_line(std::uint16_t status, std::string_view text, Termination termination);
  /// Where the response has begun it is cut off, by the fault of `origin`.
  void reply_or_truncate(const LocalReply& reply, Origin origin);
  void truncate(Termination termination, Origin origin);
  void finish(Origin origin);
  void settle(Origin origin);
  void count(ServiceStat what);
  void log(Origin origin);
  ResponseStyle style() const;

  /// From now on the request counts for the group that was drawn.
  void enter_traffic();

  WorkerLoop& loop_;
  ClientSide* client_ = nullptr;
  Request request_;
  Phase phase_ = Phase::idle;
  RoutePin route_;
  Assignment assignment_;
  Colour colour_ = Colour::blue;  ///< The group of the present attempt.
  TrafficEntry traffic_;          ///< Of the group that was drawn.
  JudgeReporter judge_;

  std::unique_ptr<ResponseCompressor> compressor_;  ///< Null: the body goes as it comes.
  EditedHead edited_;
  ConnectionOptions connection_options_;
  std::unique_ptr<Tunnel> tunnel_;  ///< Null: there is none.
  bool is_settled_ = false;         ///< Counted and judged.
  Expectation expectation_;

  Attempts attempts_;
  QueueEntry queue_;
  ReplayBuffer replay_;
  RetryPermit retry_;
  ExposureHold exposure_;
  Shielded shielded_;

  GrpcCall grpc_;
  ResponseState response_;

  Deadlines deadlines_;
};

}  // namespace teal::proxy
