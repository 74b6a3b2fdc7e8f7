// Expectation: what became of one request's `Expect: 100-continue` (RFC 9110, section 10.1.1). A
// client that sends it holds its body back until somebody says 100, so a target can refuse five
// gigabytes before they are sent. Teal asks the target, and answers for one that says nothing.
//
//   none                       no word is waited for, or it was given
//   owed  --ask()--> asked     the head has gone to a target with Expect
//     |                |--its 100, kWait of silence, the body or its end come unasked--> none
//     |                |--its final answer: of HTTP/2--> answered   the body may come or not
//     |                |                    of HTTP/1--> refused    no more of it goes there
//     '--the target is known to be silent: Teal says 100--> none
//
// A target of HTTP/1 may take what follows its answer for the next request, and the rest of the
// body is what follows. So while nobody knows whether it reads the body (is_in_doubt()) an answer
// refuses what is left of it, and a connection on which Expect was asked is kept only if its 100
// came.
//
// Pure: says what to do, and does nothing. One for each request; its attempts at targets follow
// each other.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace teal::proxy {

/// What a worker knows of how a target takes Expect. It is forgotten in time, for behind the same
/// address there may be another program tomorrow.
class ContinueHabit {
 public:
  static constexpr Millis kRemembered{5 * 60'000};
  /// So many silences one after the other make a target that has answered before a silent one: a
  /// busy one is slow at times.
  static constexpr std::uint8_t kSilences = 3;

  /// It is not worth asking: it speaks HTTP/1.0, or was silent when it was asked.
  bool is_silent(Mono now) const { return now < silent_until_; }
  /// It said 100, or gave its final answer instead.
  void answered() {
    silent_until_ = {};
    patience_ = kSilences;
  }
  /// Those that were asked before the last silence was noticed tell of the same one.
  void was_silent(Mono asked, Mono now) {
    if (asked < last_silence_) return;
    last_silence_ = now;
    if (patience_ > 1)
      --patience_;
    else
      silent_until_ = now + kRemembered;
  }
  /// RFC 9110, section 10.1.1: it is not to be asked, whatever it said before.
  void answered_in_http10(Mono now) {
    silent_until_ = now + kRemembered;
    patience_ = 1;
  }

 private:
  Mono silent_until_ = {};
  Mono last_silence_ = {};
  std::uint8_t patience_ = 1;  ///< So many silences more.
};

class Expectation {
 public:
  /// The longest that a client is kept waiting for a target's word. Less than the second that curl
  /// and others wait themselves, who would not hear a word that comes later.
  static constexpr Millis kWait{800};
  /// A target that said nothing for so long, until the body came unasked, was silent.
  static constexpr Millis kSilence{250};

  /// A request begins. `expects`: it holds back a body that is not known to be empty.
  void begin(bool expects) {
    state_ = expects ? State::owed : State::none;
    is_in_doubt_ = false;
  }
  /// The request is about to go to a target. True: its head says Expect.
  bool ask(const ContinueHabit& target, Mono now) {
    is_in_doubt_ = is_waited_for() && !target.is_silent(now);
    if (is_waited_for()) [[unlikely]] {
      state_ = is_in_doubt_ ? State::asked : State::owed;
      asked_at_ = now;
    }
    return is_in_doubt_;
  }
  /// The target said 100. True: the client waits for it. Any other one is dropped: a second one,
  /// one that nobody asked for, one behind the beginning of the body.
  bool take_continue() {
    is_in_doubt_ = false;
    return take_word();
  }
  /// Teal says 100 in the target's place, who is silent. True: the client waits for it.
  bool take_word() {
    if (!is_waited_for()) return false;
    state_ = State::none;
    return true;
  }
  /// Bytes of the body have come, or its end; whoever sends them waits for nothing. True: the
  /// target was silent so far.
  bool take_body(Mono now) {
    if (!is_waited_for()) [[likely]]
      return false;
    const bool was_silent = is_asked() && now - asked_at_ >= kSilence;
    state_ = State::none;
    return was_silent;
  }
  /// The target's final answer begins, and the client is to see it. True: it came instead of a 100.
  bool take_answer(bool in_http1) {
    const bool is_instead = is_waited_for();
    if (in_http1 && is_in_doubt_)
      state_ = State::refused;
    else if (is_instead)
      state_ = State::answered;
    return is_instead;
  }

  /// The client waits for a word, be it the target's or Teal's.
  bool is_waited_for() const { return state_ == State::owed || state_ == State::asked; }
  /// The target of the present attempt owes the word.
  bool is_asked() const { return state_ == State::asked; }
  Mono asked_at() const { return asked_at_; }
  /// What of the body still comes is for nobody.
  bool is_body_refused() const { return state_ == State::refused; }
  /// The client need not send its body, or the rest of it.
  bool is_body_needless() const { return state_ == State::refused || state_ == State::answered; }
  /// The target of the present attempt was asked and said no 100, so nobody knows whether it reads
  /// the body.
  bool is_in_doubt() const { return is_in_doubt_; }

 private:
  enum class State : std::uint8_t { none, owed, asked, answered, refused };

  State state_ = State::none;
  bool is_in_doubt_ = false;
  Mono asked_at_ = {};
};

}  // namespace teal::proxy
