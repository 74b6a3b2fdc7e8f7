#include "control/services/absent_services.h"

#include <gmock/gmock.h>

#include "control/engine/protocol_json.h"
#include "tests/support/one_service.h"

namespace teal::control {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ParkedTest : public OneService {
 protected:
  std::vector<ParkedService> parked() { return parked_services(contents, services, clock.mono()); }
  /// A deployment of a service that the file does not name, with what its journal has of it.
  void store(const std::vector<Event>& journal) {
    DeploymentSpec of = spec();
    of.service = "gone";
    of.id = "d-7";
    of.revision = "v2";
    contents.deployments.push_back({7, "gone", clock.wall(), to_json(of)});
    std::uint64_t sequence = 0;
    for (const Event& event : journal)
      contents.events.push_back({7, ++sequence, Age{0}, clock.wall(), to_json(event)});
  }

  Contents contents;
};

TEST_F(ParkedTest, ServedOnesAreNot) {
  contents.services.push_back({"shop", "{}"});
  EXPECT_THAT(parked(), IsEmpty());
}

TEST_F(ParkedTest, OneWithoutADeploymentWaits) {
  contents.services.push_back({"gone", "{}"});
  ASSERT_EQ(parked().size(), 1);
  EXPECT_EQ(parked()[0].name, "gone");
  EXPECT_EQ(parked()[0].deployment, "");
  EXPECT_THAT(parked()[0].text, HasSubstr("waits for its return"));
}

TEST_F(ParkedTest, ADeploymentThatWasUnderWayStandsStill) {
  store({event::Begin{}});
  ASSERT_EQ(parked().size(), 1);
  EXPECT_EQ(parked()[0].deployment, "d-7");
  EXPECT_THAT(parked()[0].text, HasSubstr("d-7 stands still (v2, Preparing at 0%)"));
}

TEST_F(ParkedTest, OneThatIsOverDoesNot) {
  store({event::Begin{}, event::Stop{}});
  ASSERT_EQ(parked().size(), 1);
  EXPECT_EQ(parked()[0].deployment, "");
}

}  // namespace
}  // namespace teal::control
