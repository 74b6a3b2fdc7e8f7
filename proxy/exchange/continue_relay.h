// ContinueRelay: brings a client that holds its body back the word that it waits for ("100
// Continue"): the target's, or Teal's in the place of a target that is silent (the rules are those
// of policy/expectation.h). Keeps book of which targets are silent.
//
// Part of one exchange, on its worker's thread; uses the deadline of the phase. Does not pass on
// bodies: whoever does asks it which bytes are for nobody.
#pragma once

#include "base/time.h"
#include "net/http/message.h"
#include "proxy/exchange/attempts.h"
#include "proxy/exchange/client_side.h"
#include "proxy/group/serving_group.h"
#include "proxy/policy/expectation.h"
#include "proxy/request/deadlines.h"

namespace teal::proxy {

class ContinueRelay {
 public:
  /// All but the loop are parts of the same exchange.
  ContinueRelay(WorkerLoop& loop, const Attempts& attempts, ServingGroup& serving,
                Deadlines& deadlines)
      : loop_(loop), attempts_(attempts), serving_(serving), deadlines_(deadlines) {}

  /// Of the next request. `expects`: its client waits for a word before its body.
  void begin(ClientSide& client, bool expects) {
    client_ = &client;
    expectation_.begin(expects);
  }
  const Expectation& expectation() const { return expectation_; }

  // ---- the present attempt
  /// The request is about to go to its target. True: its head says Expect.
  bool ask() { return expectation_.ask(attempts_.target()->connections().continues, loop_.now()); }
  /// The head has gone out, and the client waits: the target is given its time, less than the
  /// client may be silent (`body_idle`; 0: that is not timed), or Teal says the word. Requires: the
  /// word is waited for.
  void await(Millis body_idle);
  /// The target said 100.
  void on_continue();
  /// The target said nothing in its time, or is known to be silent: Teal says the word.
  void on_silence();
  /// The body came, or its end, though no word was said. Requires: it was waited for.
  void on_body();
  /// The target's final answer begins. Requires: it was asked, and said no 100.
  void on_answer(const net::ResponseHead& head);

 private:
  void send_continue(ServiceStat by);

  WorkerLoop& loop_;
  const Attempts& attempts_;
  ServingGroup& serving_;
  Deadlines& deadlines_;
  ClientSide* client_ = nullptr;
  Expectation expectation_;
};

}  // namespace teal::proxy
