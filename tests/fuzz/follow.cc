// Whatever a peer of the follower protocol sends: frames come out the same however they are cut, no
// more is held than the limits say, and what is taken for a message is within its limits, is
// written as the same bytes again, and can be used.
#include "control/follow/codec.h"
#include "control/follow/receiver.h"
#include "control/follow/service.h"
#include "tests/fuzz/fuzz.h"

using namespace teal;
using namespace teal::control::follow;

namespace {

void use(const State& state) {
  std::size_t services = 0;
  for (const State& part : in_parts(state)) services += part.services.size();
  fuzz::expect(services == state.services.size(), "parts have all of it");
  for (const FollowedService& service : state.services) {
    const ServiceState made = to_state(service, 1);
    fuzz::expect(to_message(*snapshot_of(made, nullptr), service.meanings) == service,
                 "a service is the same again", service.name);
  }
}

void use(const Counters& counters) {
  CounterReceiver receiver;
  Counters first = counters;
  first.sequence = 1;
  const auto half = [](const TrafficKey& key, Stage) { return key.service.size() % 2 == 0; };
  const Result<bool> taken = receiver.take(first, half);
  fuzz::expect(!taken || *taken, "the first is new");
  fuzz::expect(!taken || receiver.totals().size() + receiver.left_out() <= first.deltas.size(),
               "each delta is added or left out");
  const auto before = receiver.totals();
  const Result<bool> again = receiver.take(first, half);
  fuzz::expect(!taken || (again && !*again), "and taken once");
  fuzz::expect(receiver.totals() == before, "a repetition adds nothing");
}

void use(const Events& events) {
  EventReceiver receiver(0);
  Events first = events;
  first.sequence = 1;
  const auto taken = receiver.take(
      first, {.service = [](const std::string& name) -> std::optional<EventReceiver::Known> {
                if (name.size() % 2 == 0) return std::nullopt;
                return EventReceiver::Known{2};
              },
              .target = [](TargetId target) { return target % 2 == 0; }});
  fuzz::expect(taken && *taken, "the first is taken");
  for (const ServiceEvents& of : (*taken)->services)
    for (const JudgedEvent& event : of.events)
      fuzz::expect(event.kind != JudgedEvent::Kind::slow || event.threshold < 2,
                   "a threshold is one of the service's");
}

template <class Other>
void use(const Other& /*message*/) {}

void look_at(const Envelope& envelope) {
  const Result<Message> message = decode(envelope);
  if (!message) {
    fuzz::expect(!message.error().message().empty(), "a fault is told");
    return;
  }
  fuzz::expect(encode(*message, envelope.term, envelope.number).payload == envelope.payload,
               "a message is the same bytes again");
  std::visit([](const auto& one) { use(one); }, *message);
}

void look_at_stream(std::string_view bytes, std::uint32_t seed) {
  Assembler at_once;
  std::vector<Envelope> messages;
  const bool is_sound = at_once.take(bytes, messages).has_value();
  Assembler in_parts;
  std::vector<Envelope> again;
  bool is_sound_still = true;
  for (const std::string_view piece : fuzz::in_pieces(bytes, seed)) {
    is_sound_still = in_parts.take(piece, again).has_value();
    fuzz::expect(in_parts.held() <= kMaxMessage + kMaxFrame, "what is held has a limit");
  }
  fuzz::expect(messages == again, "frames are the same however they are cut");
  fuzz::expect(bytes.empty() || is_sound == is_sound_still, "and so are faults");
  for (const Envelope& message : messages) {
    look_at(message);
    Assembler packets;
    Envelope first = message;
    first.number = 1;
    std::optional<Envelope> back;
    for (const std::string& frame : to_frames(first)) {
      const auto taken = packets.take_packet(frame);
      fuzz::expect(taken.has_value(), "what is sent is taken");
      back = *taken;
    }
    fuzz::expect(back == first, "and is the same");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Chosen input(data, size);
  const auto kind = static_cast<std::uint8_t>(input.choice % 8);
  if (kind == 0)
    look_at_stream(input.rest, input.choice);
  else
    look_at({.kind = kind, .payload = std::string(input.rest)});
  return 0;
}
