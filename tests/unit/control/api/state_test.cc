// POST /v1/state/backup as values.
#include <gmock/gmock.h>

#include "control/api/body_source.h"
#include "tests/support/admin_api_fixture.h"

namespace teal::control {
namespace {

using ::testing::HasSubstr;

class SomeBytes final : public BodySource {
 public:
  std::uint64_t size() const override { return 3; }
  void read(std::size_t /*most*/, std::function<void(std::string)> /*done*/) override {}
};

class StateApi : public testing::AdminApiTest {
 protected:
  StateApi() {
    dependencies_.take_snapshot = [this](const TakenSnapshot& taken) {
      ++asked_;
      taken(body_);
    };
  }
  std::shared_ptr<BodySource> body_ = std::make_shared<SomeBytes>();
  int asked_ = 0;
};

TEST_F(StateApi, ABackupIsTheSnapshotItself) {
  const ApiResponse response = call("POST", "/v1/state/backup");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/vnd.sqlite3");
  EXPECT_EQ(response.source, body_);
  EXPECT_EQ(call("POST", "/v1/state/backup", "{}").status, 200);
}

TEST_F(StateApi, ABackupTakesNothingAndNamesNoFile) {
  EXPECT_EQ(problem_type(call("POST", "/v1/state/backup", R"({"path":"/etc/passwd"})")),
            "urn:teal:problem:unexpected-body");
  EXPECT_EQ(problem_type(call("POST", "/v1/state/backup?path=/etc/passwd")),
            "urn:teal:problem:unknown-parameter");
  EXPECT_EQ(asked_, 0);
}

TEST_F(StateApi, ABackupIsNotToBeHadByALink) {
  EXPECT_EQ(problem_type(call("GET", "/v1/state/backup")), "urn:teal:problem:method-not-allowed");
  ApiRequest strange = request("POST", "/v1/state/backup");
  strange.fetch_site = "cross-site";
  EXPECT_EQ(call(strange).status, 403);
  EXPECT_EQ(asked_, 0);
}

TEST_F(StateApi, WhyThereIsNoBackupIsSaid) {
  dependencies_.take_snapshot = [](const TakenSnapshot& taken) {
    taken(ApiError{409, "backup-running", "Another backup is running", "one at a time", "wait"});
  };
  const ApiResponse busy = call("POST", "/v1/state/backup");
  EXPECT_EQ(busy.status, 409);
  EXPECT_EQ(problem_type(busy), "urn:teal:problem:backup-running");
}

TEST_F(StateApi, WithoutAnybodyToMakeOneThereIsNone) {
  dependencies_.take_snapshot = {};
  EXPECT_EQ(problem_type(call("POST", "/v1/state/backup")), "urn:teal:problem:not-ready");
}

}  // namespace
}  // namespace teal::control
