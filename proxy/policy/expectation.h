// Expectation: what became of one request's `Expect: 100-continue` (RFC 9110, section 10.1.1). A
// client that sends it holds its body back until somebody says 100, so a target can refuse five
// gigabytes before they are sent. Teal asks the target, and answers for one that says nothing.
//
//   none                       no word is waited for, or it was given
//   owed  --ask()--> asked     the head has gone to a target with Expect
//     |                |--its 100, kWait of silence, or the body comes unasked--> none
//     |                |--its final answer--> refused   no byte of the body goes to that target
//     '--the target is known to be silent: Teal says 100--> none
//
// A target may take what follows an answer for the next request, and the rest of the body is what
// follows: so a connection on which Expect was asked is kept only if its 100 came (is_in_doubt()).
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
  /// So many silences in a row make a target that has said 100 before a silent one: a busy one is
  /// slow at times.
  static constexpr std::uint8_t kSilences = 3;

  /// It is not worth asking: it speaks HTTP/1.0, or was silent when it was asked.
  bool is_silent(Mono now) const { return now < silent_until_; }
  void said_continue() {
    silent_until_ = {};
    patience_ = kSilences;
  }
  void was_silent(Mono now) {
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
  std::uint8_t patience_ = 1;  ///< So many silences more.
};

class Expectation {
 public:
  /// The longest that a client is kept waiting for a target's word.
  static constexpr Millis kWait{1000};

  /// A request begins. `expects`: it holds back a body that is not known to be empty.
  void begin(bool expects) {
    state_ = expects ? State::owed : State::none;
    is_in_doubt_ = false;
  }
  /// The request is about to go to a target. True: its head says Expect.
  bool ask(const ContinueHabit& target, Mono now) {
    is_in_doubt_ = is_waited_for() && !target.is_silent(now);
    if (is_waited_for()) [[unlikely]]
      state_ = is_in_doubt_ ? State::asked : State::owed;
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
  /// Bytes of the body have come; whoever sends them waits for nothing.
  void take_body() {
    if (is_waited_for()) state_ = State::none;
  }
  /// The target's final answer begins, and the client is to see it.
  void take_answer() {
    if (is_waited_for()) state_ = State::refused;
  }

  /// The client waits for a word, be it the target's or Teal's.
  bool is_waited_for() const { return state_ == State::owed || state_ == State::asked; }
  /// The target of the present attempt owes the word.
  bool is_asked() const { return state_ == State::asked; }
  /// The answer came instead of a 100: what of the body still comes is for nobody.
  bool is_body_refused() const { return state_ == State::refused; }
  /// The target of the present attempt was asked and said no 100, so nobody knows whether it reads
  /// the body.
  bool is_in_doubt() const { return is_in_doubt_; }

 private:
  enum class State : std::uint8_t { none, owed, asked, refused };

  State state_ = State::none;
  bool is_in_doubt_ = false;
};

}  // namespace teal::proxy
