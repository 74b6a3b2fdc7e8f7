// How many services a configuration may have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/load.h"

namespace teal::config {
namespace {

using testing::HasSubstr;

std::string services(std::size_t count) {
  std::string text = "listeners: { public: { address: '127.0.0.1:0' } }\nservices:\n";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "s" + std::to_string(i);
    text += "  " + name + ": { match: { listener: public, host: " + name +
            ".example }, blue: { revision: v1, targets: [ '10.0.0.1:80' ] } }\n";
  }
  return text;
}

TEST(LoadMany, ThereMayBeTenThousandServices) {
  const Loaded<Config> config = load_text(services(10'000), "t.yaml", {});
  ASSERT_TRUE(config) << to_string(config.error().list.front());
  EXPECT_EQ(config->services.size(), 10'000);
}

TEST(LoadMany, OneMoreIsRefused) {
  const Loaded<Config> config = load_text(services(10'001), "t.yaml", {});
  ASSERT_FALSE(config);
  EXPECT_THAT(to_string(config.error().list.front()),
              HasSubstr("has 10001 entries; at most 10000 are allowed"));
}

}  // namespace
}  // namespace teal::config
