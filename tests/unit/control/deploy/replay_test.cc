// A rehearsal of a start reads all that a start reads, and names what it cannot.
#include "control/deploy/replay.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/engine/protocol_json.h"
#include "control/sqlite/sqlite_schema.h"
#include "control/sqlite/store_image.h"
#include "control/store/spec_json.h"
#include "tests/support/store_files.h"

namespace teal::control {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Batch story() {
  DeploymentSpec spec;
  spec.id = "d-1";
  spec.service = "shop";
  spec.revision = "v2";
  Batch batch;
  batch.deployments.push_back({1, "shop", WallTime{Millis{5}}, to_json(spec)});
  const std::string begin = to_json(Event(event::Begin{}));
  for (const std::uint64_t sequence : {1U, 2U})
    batch.events.push_back({1, sequence, Age{0}, WallTime{Millis{6}}, begin});
  batch.services.push_back({"shop", to_json(SavedService{})});
  return batch;
}

class Rehearsal : public ::testing::Test {
 protected:
  /// Why no Teal could start with it; empty: one could.
  std::string refusal(const Batch& batch) {
    const std::unique_ptr<Store> store = files_.open();
    EXPECT_TRUE(store->commit(batch));
    const Result<void> read = rehearse_start(*store);
    return read ? std::string() : read.error().message();
  }
  /// Of the file as it lies there.
  std::string refusal() {
    const Result<StoreImage> image = StoreImage::of_file(files_.path());
    EXPECT_TRUE(image);
    const Result<std::unique_ptr<Store>> store = open_sqlite_image(image->bytes(), "it");
    if (!store) return store.error().message();
    const Result<void> read = rehearse_start(**store);
    return read ? std::string() : read.error().message();
  }

  StoreFiles files_;
};

TEST_F(Rehearsal, IsContentWithAStoreThatIsWhole) {
  EXPECT_EQ(refusal(story()), "");
  EXPECT_EQ(refusal(), "");
}

TEST_F(Rehearsal, NamesTheServiceWhoseStateCannotBeRead) {
  Batch batch = story();
  batch.services[0].state = "{";
  EXPECT_THAT(refusal(batch), HasSubstr("service shop: "));
}

TEST_F(Rehearsal, NamesTheDeploymentThatCannotBeRead) {
  Batch batch = story();
  batch.deployments[0].spec = "{}";
  EXPECT_THAT(refusal(batch), HasSubstr("d-1 of shop: "));
}

TEST_F(Rehearsal, NamesTheDeploymentWhoseJournalCannotBeRead) {
  Batch batch = story();
  batch.events[1].event = R"({"event":"of the future"})";
  EXPECT_THAT(refusal(batch), AllOf(HasSubstr("d-1: "), HasSubstr("of the future")));
}

TEST_F(Rehearsal, MissesAnEventOfAJournal) {
  Batch batch = story();
  batch.events.erase(batch.events.begin());
  EXPECT_EQ(refusal(batch), "d-1: event 1 of its journal is missing");
}

TEST_F(Rehearsal, MissesATable) {
  files_.open();
  files_.execute("DROP TABLE events");
  EXPECT_THAT(refusal(), HasSubstr("cannot be read"));
}

TEST_F(Rehearsal, ReadsWhatEachEarlierTealWrote) {
  for (std::int64_t version = 1; version < kSchemaVersion; ++version) {
    std::ifstream in(std::string(TEAL_SOURCE_DIR "/tests/support/stores/version_") +
                     std::to_string(version) + ".sql");
    std::ostringstream text;
    text << in.rdbuf();
    std::filesystem::remove(files_.path());
    files_.execute(text.str());
    EXPECT_EQ(refusal(), "") << version;
  }
}

}  // namespace
}  // namespace teal::control
