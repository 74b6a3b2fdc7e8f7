#include "app/view/discovery.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace teal::app {
namespace {

std::vector<DiscoveryLine> lines_of(const std::string& service) {
  return render_discovery(boost::json::parse(service).as_object());
}

TEST(DiscoveryView, HasNothingToSayWhereNothingIsLookedFor) {
  EXPECT_TRUE(lines_of(R"({"discovery": null})").empty());
  EXPECT_TRUE(lines_of("{}").empty());
}

TEST(DiscoveryView, ShowsSourcesOriginsAndWhatWaits) {
  const auto lines = lines_of(R"({"name": "shop",
      "groups": {"blue": {"targets": [{"sources": ["dns"]}, {"sources": ["config", "dns"]},
                                      {"sources": ["dns"]}]},
                 "green": {"targets": []}},
      "discovery": {"sources": [{"source": "dns:app:80", "revision": "v1", "targets": 3,
                                 "age_ms": 12345, "failing": false, "empty": false,
                                 "last_problem": "", "held_removals": 0, "refused_total": 0}],
                    "waiting": [{"revision": "v2", "targets": ["10.0.0.1:80"]}],
                    "held_out": ["10.0.0.9:80"], "left_out": 0, "kept": 0}})");
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].text, "found: dns:app:80 (v1): 3 targets, 12s ago");
  EXPECT_FALSE(lines[0].is_trouble);
  EXPECT_EQ(lines[1].text, "blue has 1 of config and dns, 2 of dns");
  EXPECT_EQ(lines[2].text, "waiting: v2 on 10.0.0.1:80: teal deploy shop --revision v2");
  EXPECT_EQ(lines[3].text, "drained by hand until they are not found any more: 10.0.0.9:80");
}

TEST(DiscoveryView, ShowsTrouble) {
  const auto lines = lines_of(R"({"name": "shop",
      "discovery": {"sources": [{"source": "dns:app:80", "revision": "v1", "targets": 1,
                                 "age_ms": null, "failing": true, "empty": true,
                                 "last_problem": "no resolver answers", "held_removals": 1,
                                 "refused": ["127.0.0.1:80 is a loopback address"],
                                 "refused_total": 3}],
                    "waiting": [], "held_out": [], "left_out": 2, "kept": 1}})");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(
      lines[0].text,
      "found: dns:app:80 (v1): 1 target, never answered, failing, empty: no resolver answers; "
      "1 target not named any more, waited for; not believed: 127.0.0.1:80 is a loopback "
      "address and 2 others");
  for (const DiscoveryLine& line : lines) EXPECT_TRUE(line.is_trouble) << line.text;
}

}  // namespace
}  // namespace teal::app
