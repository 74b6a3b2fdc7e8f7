#include "config/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_services.h"

namespace teal::config {
namespace {

using ::testing::HasSubstr;
using Records = DiscoverSource::Records;
using std::chrono::seconds;

TEST(DiscoverConfig, NamesAndFilesFindTargetsOfWhatTheLiveGroupRuns) {
  const Service service = service_with(
      "  discover:\n"
      "  - { dns: App.Internal.:9001 }\n"
      "  - { dns: _http._tcp.app.internal, type: srv, revision: v2, allow_empty: true,\n"
      "      allow_ranges: [ 127.0.0.0/8, '::1' ] }\n"
      "  - { file: /etc/teal/targets/*.yml }\n");
  ASSERT_EQ(service.discover.size(), 3U);
  DiscoverSource name;
  name.name = "app.internal";
  name.port = 9001;
  name.revision = "v1";
  EXPECT_EQ(service.discover[0], name);
  const DiscoverSource& places = service.discover[1];
  EXPECT_EQ(places.records, Records::srv);
  EXPECT_EQ(places.revision, "v2");
  EXPECT_TRUE(places.allow_empty);
  EXPECT_EQ(places.allow_ranges.size(), 2U);
  EXPECT_EQ(service.discover[2].kind, DiscoverSource::Kind::file);
  EXPECT_EQ(source_text(service.discover[0]), "dns:app.internal:9001");
  EXPECT_EQ(source_text(places), "dns:_http._tcp.app.internal");
  EXPECT_EQ(source_text(service.discover[2]), "file:/etc/teal/targets/*.yml");
}

TEST(DiscoverConfig, ALiveGroupMayBeginWithoutTargetsButNotWithoutARevision) {
  const auto with = [](const std::string& blue) {
    return report_of(load_text(std::string(kListeners) + "services:\n shop:\n" +
                                   "  match: { listener: public }\n" + blue +
                                   "  discover: [ { dns: app.internal:80 } ]\n",
                               "t.yaml"));
  };
  EXPECT_EQ(with("  blue: { revision: v1 }\n"), "");
  EXPECT_THAT(with(""), HasSubstr("services.shop.blue: is the live group and has no revision"));
}

TEST(DiscoverConfig, WithoutSourcesTheLiveGroupNeedsTargets) {
  EXPECT_THAT(report_of(load_text(std::string(kListeners) +
                                      "services:\n shop:\n  match: { listener: public }\n"
                                      "  blue: { revision: v1 }\n  discover: []\n",
                                  "t.yaml")),
              HasSubstr("is the live group and has no targets"));
}

TEST(DiscoverConfig, SaysWhatIsWrongWithASource) {
  const auto problem = [](const std::string& source) {
    return problems_with("  discover: [ " + source + " ]\n");
  };
  EXPECT_THAT(problem("{ dns: app.internal }"),
              HasSubstr("t.yaml:6:22: services.shop.discover[0].dns: "
                        "must be NAME:PORT"));
  EXPECT_THAT(problem("{ dns: 'app.internal:0' }"), HasSubstr("must be NAME:PORT"));
  EXPECT_THAT(problem("{ dns: '10.0.0.1:80' }"), HasSubstr("is an address"));
  EXPECT_THAT(problem("{ dns: '[::1]:80' }"), HasSubstr("is an address"));
  EXPECT_THAT(problem("{ dns: 'a..b:80' }"), HasSubstr("is not a name"));
  EXPECT_THAT(problem("{ dns: 'ä.b:80' }"), HasSubstr("is not a name"));
  EXPECT_THAT(problem("{ dns: 'app:80', type: srv }"), HasSubstr("bring their own"));
  EXPECT_THAT(problem("{ dns: 'app:80', type: mx }"), HasSubstr("must be both, a, aaaa or srv"));
  EXPECT_THAT(problem("{ dns: 'app:80', file: a.yml }"), HasSubstr("has both"));
  EXPECT_THAT(problem("{ revision: v1 }"), HasSubstr("must have dns or file"));
  EXPECT_THAT(problem("{ file: a.yml, type: a }"), HasSubstr("belongs to dns only"));
  EXPECT_THAT(problem("{ file: a.txt }"), HasSubstr("must end with .json, .yml or .yaml"));
  EXPECT_THAT(problem("{ file: 'a*/b.yml' }"), HasSubstr("only the last part"));
  EXPECT_THAT(problem("{ file: a.yml, allow_ranges: [ ::1 ] }"), HasSubstr("belongs to dns only"));
  EXPECT_THAT(problem("{ dns: 'app:80', allow_ranges: [ x ] }"),
              HasSubstr("discover[0].allow_ranges[0]"));
  EXPECT_THAT(problem("{ dns: 'app:80' }, { dns: 'APP:80', type: a }"), HasSubstr("already"));
  EXPECT_THAT(problem("{ dns: 'app:80', revison: v1 }"), HasSubstr("did you mean 'revision'"));
}

TEST(DiscoverConfig, ASourceIsTheSameWhateverIsBelievedOfIt) {
  DiscoverSource a;
  a.name = "app";
  a.port = 80;
  DiscoverSource b = a;
  b.allow_empty = true;
  b.allow_ranges = {Cidr{}};
  EXPECT_TRUE(is_same_source(a, b));
  b.revision = "v2";
  EXPECT_FALSE(is_same_source(a, b));
}

TEST(DiscoverConfig, TheWholeSaysWhoIsAskedAndHowOften) {
  const auto load = [](const std::string& keys) {
    return load_text("discovery: " + keys + "\n" + std::string(kListeners) + "services:\n shop:\n" +
                         std::string(kService),
                     "t.yaml");
  };
  const Loaded<Config> config = load(
      "{ resolvers: [ 127.0.0.1:5353, '[::1]:53' ], timeout: 500ms, min_refresh: 2s, max_refresh: "
      "1m }");
  ASSERT_TRUE(config) << report_of(config);
  EXPECT_EQ(config->discovery.resolvers.size(), 2U);
  EXPECT_EQ(config->discovery.timeout, Millis{500});
  EXPECT_EQ(config->discovery.min_refresh, seconds{2});
  EXPECT_EQ(config->discovery.max_refresh, seconds{60});
  EXPECT_THAT(report_of(load("{ resolvers: [ 'unix:/x' ] }")), HasSubstr("must be IP:PORT"));
  EXPECT_THAT(report_of(load("{ min_refresh: 1m, max_refresh: 1s }")),
              HasSubstr("discovery.max_refresh: must not be shorter"));
}

}  // namespace
}  // namespace teal::config
