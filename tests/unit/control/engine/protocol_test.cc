#include "control/engine/protocol.h"
#include "control/engine/protocol_json.h"

#include <gtest/gtest.h>

namespace teal::control {
namespace {

std::vector<Event> one_of_each() {
  return {event::Begin{},
          event::HealthChanged{3, 2, 1},
          event::ConfigChanged{7, "sha256:3f"},
          event::BaselineHealth{0, 2, 1},
          event::BaselineHealth{0, 2, 0, Millis{42'000}},
          event::SplitApplied{7, Micros{250}},
          event::SplitApplied{7, Micros{0}},
          event::AlarmBreached{"errors", "4% > 1%: \"bad\"\n"},
          event::Evidence{""},
          event::Evidence{"errors: 3 of 50"},
          event::Wake{},
          event::Proceed{},
          event::Proceed{"the watch ends: v3 is to be shipped"},
          event::Pause{},
          event::Promote{},
          event::Stop{},
          event::Exposed{3},
          event::Rollback{"asked: by ops"},
          event::Resumed{}};
}

TEST(Protocol, ReadsEveryEventBackFromTheJournal) {
  for (const Event& event : one_of_each()) {
    const Result<Event> read = event_from_json(to_json(event));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, event) << to_json(event);
  }
}

TEST(Protocol, ReadsEveryEventBackFromItsText) {
  for (const Event& event : one_of_each()) {
    const Result<Event> read = parse_event(to_string(event));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, event) << to_string(event);
  }
}

TEST(Protocol, RefusesWhatIsNoEvent) {
  for (const char* text :
       {"", "beginn", "health 1 healthy", "health 1 healthy 0 unhealthy 0 un", "applied",
        "applied x", "applied 1 in 3s", "alarm", "alarm : x", "exposed", "exposed 3x",
        "baseline 1 healthy 0 unhealthy", "baseline 0 healthy 1 unhealthy 0 unknown for",
        "baseline 0 healthy 1 unhealthy 0 unknown 3s"})
    EXPECT_FALSE(parse_event(text)) << text;
  for (const char* json : {"", "{}", "[1]", "{\"event\":\"gone\"}", "{\"event\":\"applied\"}",
                           "{\"event\":\"health\",\"healthy\":-1,\"unhealthy\":0,\"unknown\":0}"})
    EXPECT_FALSE(event_from_json(json)) << json;
}

}  // namespace
}  // namespace teal::control
