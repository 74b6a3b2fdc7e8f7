#include "config/change/diff.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace teal::config {
namespace {

Candidate read(const std::string& more, const Variables& variables = {},
               const std::string& services =
                   "  shop: { match: { listener: public }, blue: { "
                   "revision: v1, targets: [ 10.0.0.1:80 ] } }\n") {
  const std::string text =
      "listeners: { public: { address: 127.0.0.1:8080 } }\nservices:\n" + services + more;
  const Loaded<Candidate> read = read_candidate(text, "teal.yaml", variables);
  EXPECT_TRUE(read) << (read ? "" : to_string(read.error().list.front()));
  return read ? *read : Candidate{};
}

std::string service(const std::string& keys) {
  return "  shop: { match: { listener: public }, blue: { revision: v1, targets: [ 10.0.0.1:80 ] "
         "}, " +
         keys + " }\n";
}

const Change* find(const std::vector<Change>& changes, const std::string& path) {
  const auto found = std::ranges::find(changes, path, &Change::path);
  return found == changes.end() ? nullptr : &*found;
}

TEST(Diff, FindsNothingWhereOnlyCommentsAndTheOrderOfLinesDiffer) {
  EXPECT_TRUE(diff(read("workers: 2\n"), read("# Two.\nworkers:    2\n")).empty());
}

TEST(Diff, NamesTheKeyThatChangesAndWhatBecomesOfIt) {
  const auto changes = diff(read("", {}, service("timeouts: { connect: 2s }")),
                            read("", {}, service("timeouts: { connect: 3s }")));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(to_string(changes.front()), "~ services.shop.timeouts.connect: 2s -> 3s");
  EXPECT_EQ(changes.front().effect, Effect::live);
}

TEST(Diff, TellsWhatNeedsARestartWhatIsIgnoredAndWhatWaitsForTheNextDeployment) {
  EXPECT_EQ(diff(read("workers: 1\n"), read("workers: 2\n")).at(0).effect, Effect::needs_restart);
  const auto changes = diff(read("", {}, service("live: blue")),
                            read("", {}, service("live: blue, deploy: { keep_old: 5m }")));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes.front().effect, Effect::next_deployment);
  EXPECT_EQ(effect_of("services.shop.blue.targets"), Effect::ignored);
  EXPECT_EQ(effect_of("listeners.public.tls.min_version"), Effect::new_connections);
}

TEST(Diff, ShowsVariablesByTheirNamesAlsoWhereOnlyWhatTheySayHasChanged) {
  const std::string keys = service("host_header: 'literal:${HOST}'");
  const auto changes =
      diff(read("", {{"HOST", "secret-a"}}, keys), read("", {{"HOST", "secret-b"}}, keys));
  ASSERT_EQ(changes.size(), 1U);
  const std::string text = to_string(changes.front());
  EXPECT_NE(text.find("${HOST}"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
  EXPECT_FALSE(changes.front().note.empty());
}

TEST(Diff, FindsNothingWhereAVariableTakesThePlaceOfWhatItSays) {
  EXPECT_TRUE(diff(read("", {}, service("host_header: 'literal:a'")),
                   read("", {{"HOST", "a"}}, service("host_header: 'literal:${HOST}'")))
                  .empty());
}

TEST(Diff, MarksWhatAccessDependsOn) {
  EXPECT_TRUE(is_access("admin.allowed_hosts"));
  EXPECT_TRUE(is_access("listeners.public.trusted_proxies"));
  EXPECT_TRUE(is_access("listeners.public.tls.certificates.client_auth"));
  EXPECT_TRUE(is_access("services.shop.routes.api.basic_auth"));
  EXPECT_FALSE(is_access("listeners.public.timeouts.keep_alive"));
  const auto changes = diff(read("admin: { address: 127.0.0.1:9900 }\n"),
                            read("admin: { address: 127.0.0.1:9900, allowed_hosts: [ a.b ] }\n"));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes.front().is_access);
}

TEST(Diff, AsksForARestartByWhatKeysComeTo) {
  EXPECT_EQ(diff(read(""), read("admin: { address: 127.0.0.1:9901 }\n")).at(0).effect,
            Effect::needs_restart)
      << "a section that comes with it";
  EXPECT_EQ(diff(read("admin: { address: 127.0.0.1:9901 }\n"), read("")).at(0).effect,
            Effect::needs_restart);
  for (const char* same : {"workers: auto\n", "state: 'sqlite:teal.db'\n",
                           "admin: { address: 127.0.0.1:9900, allowed_hosts: [ a.b ] }\n"}) {
    EXPECT_EQ(diff(read(""), read(same)).at(0).effect, Effect::live) << same;
    EXPECT_EQ(diff(read(same), read("")).at(0).effect, Effect::live) << same;
  }
}

TEST(Diff, MarksAddressesAndAuthoritiesAsAccess) {
  EXPECT_TRUE(is_access("listeners.public.tls.certificates.client_ca"));
  EXPECT_TRUE(is_access("listeners.public.address"));
  EXPECT_TRUE(is_access("listeners.public.socket_mode"));
  EXPECT_EQ(effect_of("listeners.public.deny"), Effect::new_connections);
}

TEST(Diff, TellsOfAServiceThatComesOrGoesAsOneAndGuessesRenames) {
  const auto changes =
      diff(read(""), read("", {},
                          "  store: { match: { listener: public }, blue: { revision: v1, targets: "
                          "[ 10.0.0.1:80 ] } }\n"));
  ASSERT_EQ(changes.size(), 2U);
  const Change* const added = find(changes, "services.store");
  const Change* const removed = find(changes, "services.shop");
  ASSERT_NE(added, nullptr);
  ASSERT_NE(removed, nullptr);
  EXPECT_FALSE(added->from);
  EXPECT_FALSE(removed->to);
  EXPECT_NE(added->note.find("rename of shop"), std::string::npos);
}

TEST(Diff, ShortensLongValuesBetweenCharacters) {
  std::string list = "trusted_proxies: [ ";
  for (int i = 0; i < 100; ++i) list += "10.0." + std::to_string(i) + ".0/24, ";
  list += "10.1.0.0/16 ]";
  const Candidate from = *read_candidate(
      "listeners: { public: { address: 127.0.0.1:8080 } }\nservices:\n" + service("live: blue"),
      "a");
  const Candidate to = *read_candidate("listeners: { public: { address: 127.0.0.1:8080, " + list +
                                           " } }\nservices:\n" + service("live: blue"),
                                       "b");
  const auto changes = diff(from, to);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_LE(changes.front().to->size(), 124U);
  EXPECT_TRUE(changes.front().to->ends_with("..."));
}

TEST(Diff, ShowsWhereLongValuesDiffer) {
  std::string list;
  for (int i = 0; i < 100; ++i) list += "10.0." + std::to_string(i) + ".0/24, ";
  const auto listener = [](const std::string& networks) {
    return *read_candidate("listeners: { public: { address: 127.0.0.1:8080, trusted_proxies: [ " +
                               networks + "192.0.2.0/24 ] } }\nservices:\n" + service("live: blue"),
                           "a");
  };
  const auto changes = diff(listener(list), listener(list + "198.51.100.0/24, "));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes.front().to->starts_with("...")) << *changes.front().to;
  EXPECT_NE(changes.front().to->find("198.51.100.0/24"), std::string::npos);
  EXPECT_NE(changes.front().from->find("192.0.2.0/24"), std::string::npos);
}

TEST(Diff, FindsRenamesAmongThousandsAtOnce) {
  const auto many = [](const std::string& prefix) {
    std::string text = "listeners: { public: { address: 127.0.0.1:8080 } }\nservices:\n";
    for (int i = 0; i < 3000; ++i) {
      const std::string n = std::to_string(i);
      text += "  " + prefix + n + ": { match: { listener: public, host: h" + n +
              ".example }, blue: { revision: v1, targets: [ 10.0.0.1:80 ] } }\n";
    }
    return *read_candidate(text, prefix);
  };
  const auto changes = diff(many("a"), many("b"));
  ASSERT_EQ(changes.size(), 6000U);
  EXPECT_NE(find(changes, "services.b2999")->note.find("rename of a2999"), std::string::npos);
}

}  // namespace
}  // namespace teal::config
