// Clients, targets and time in any order, over several attempts at targets: a client hears 100 at
// most once, and never behind the beginning of its body or an answer; a target is asked only by
// somebody who waits; no byte of the body goes to a target that has answered instead; and a
// connection is kept only where nothing of the request can stand in front of the next one.
#include "proxy/policy/expectation.h"

#include "tests/fuzz/fuzz.h"

using namespace teal;
using proxy::ContinueHabit;
using proxy::Expectation;

namespace {

/// One request as its client, its present target and nobody else see it.
struct Scene {
  Expectation expectation;
  ContinueHabit target;
  Mono now{};
  // What the client has seen and done.
  int continues = 0;
  bool body_begun = false;
  bool answered = false;
  // What the present target has.
  bool has_head = false;
  bool was_asked = false;
  bool has_said_continue = false;

  void begin_attempt() {
    if (answered) return;
    const bool waits = expectation.is_waited_for();
    was_asked = expectation.ask(target, now);
    has_head = true;
    has_said_continue = false;
    fuzz::expect(!was_asked || (waits && !body_begun && continues == 0),
                 "a target is asked only by one who waits");
    fuzz::expect(!was_asked || !target.is_silent(now), "a silent one is not asked");
    // What is not asked is answered at once.
    if (expectation.is_waited_for() && !was_asked) take_word();
  }
  void hear_continue() {
    fuzz::expect(!body_begun && !answered, "nobody hears 100 who has begun to send");
    fuzz::expect(++continues == 1, "100 is heard once");
  }
  void take_word() {
    if (expectation.take_word()) hear_continue();
  }
  void target_says_continue() {
    if (!has_head || answered) return;
    has_said_continue = true;
    if (expectation.is_in_doubt()) target.answered();
    if (expectation.take_continue()) hear_continue();
  }
  void silence() {
    if (!expectation.is_asked()) return;
    target.was_silent(expectation.asked_at(), now);
    take_word();
  }
  void body_comes() {
    body_begun = true;
    if (expectation.take_body(now)) target.was_silent(expectation.asked_at(), now);
    if (!has_head || !answered) return;
    fuzz::expect(!expectation.is_body_refused() || (was_asked && !has_said_continue),
                 "a body is refused only by a target that answered without a 100");
  }
  void target_answers(bool in_http10, bool in_http2) {
    if (!has_head || answered) return;
    const bool waits = expectation.is_waited_for();
    answered = true;
    if (expectation.take_answer(!in_http2)) target.answered();
    if (in_http10) target.answered_in_http10(now);
    fuzz::expect(expectation.is_body_refused() == (!in_http2 && was_asked && !has_said_continue),
                 "what may be taken for another request is not sent");
    fuzz::expect(!waits || expectation.is_body_needless(), "who was not told to send need not");
  }
  void check() const {
    if (!has_head) return;
    fuzz::expect(expectation.is_in_doubt() == (was_asked && !has_said_continue),
                 "who was asked and said no 100 may not have read the body");
    fuzz::expect(!answered || !expectation.is_waited_for(), "nobody waits behind an answer");
  }
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Scene scene;
  scene.expectation.begin((data[0] & 1U) != 0);
  for (std::size_t i = 1; i < size; ++i) {
    scene.now += Millis{(data[i] >> 3U) * 5000};
    switch (data[i] & 7U) {
      case 0: scene.begin_attempt(); break;
      case 1: scene.target_says_continue(); break;
      case 2: scene.silence(); break;
      case 3: scene.body_comes(); break;
      case 4: scene.target_answers(false, (data[i] & 8U) != 0); break;
      case 5: scene.target_answers(true, false); break;
      case 6: scene.target = {}; break;  // The next attempt is at another one.
      default:                           // The next request.
        if (!scene.answered) break;
        scene.expectation.begin((data[i] & 8U) != 0);
        scene.continues = 0;
        scene.body_begun = scene.answered = scene.has_head = scene.was_asked = false;
        break;
    }
    scene.check();
  }
  return 0;
}
