#include "config/variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_services.h"

namespace teal::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Variables kVariables{{"HOST", "10.9.8.7"},
                           {"PORT", "80"},
                           {"TOKEN", "tok-3f9a"},
                           {"EMPTY", ""},
                           {"YAML", "{ a: b }"}};

/// A configuration with this text as the address of its listener.
Loaded<Config> with_address(const std::string& address) {
  return load_text("listeners:\n  public:\n    address: " + address +
                       "\nservices:\n  shop: { match: { listener: public }, blue: { revision: v1, "
                       "targets: [ '10.0.0.1:80' ] } }\n",
                   "t.yaml", kVariables);
}

std::string address_of(const std::string& text) {
  const Loaded<Config> config = with_address(text);
  return config ? to_string(config->listeners[0].address) : report_of(config);
}

TEST(Variables, StandForWhatTheySayWhereverAValueIs) {
  EXPECT_EQ(address_of("${HOST}:${PORT}"), "10.9.8.7:80");
  EXPECT_EQ(address_of("'${HOST}:80'"), "10.9.8.7:80");
  EXPECT_EQ(address_of("unix:/run/$PORT.sock"), "unix:/run/$PORT.sock") << "no brace, no variable";
}

TEST(Variables, HaveADefaultWhereTheyAreNotSetOrEmpty) {
  EXPECT_EQ(address_of("${NONE:-127.0.0.1}:80"), "127.0.0.1:80");
  EXPECT_EQ(address_of("${EMPTY:-127.0.0.1}:80"), "127.0.0.1:80");
  EXPECT_EQ(address_of("${HOST:-127.0.0.1}:80"), "10.9.8.7:80");
}

TEST(Variables, ThatAreNotSetAreEachAnErrorWithItsPlaceAndNothingElseIsSaidThere) {
  EXPECT_EQ(address_of("${HOST}:${NONE}"),
            "t.yaml:3:14: listeners.public.address: the variable NONE is not set; set it, or give "
            "it a default: ${NONE:-...}\n");
}

TEST(Variables, AreLiteralBehindTwoDollars) {
  EXPECT_EQ(address_of("unix:/run/$${HOST}"), "unix:/run/${HOST}");
}

TEST(Variables, WithoutAnEndOrANameAreErrors) {
  EXPECT_THAT(address_of("${HOST"), HasSubstr("a '${' has no '}'; write ${NAME}, or $${"));
  EXPECT_THAT(address_of("${}"), HasSubstr("'' is not the name of a variable"));
  EXPECT_THAT(address_of("${9}"), HasSubstr("'9' is not the name of a variable"));
}

TEST(Variables, HaveNoVariablesInTheirDefaults) {
  EXPECT_EQ(address_of("${NONE:-${HOST}}:80"),
            "t.yaml:3:14: listeners.public.address: the default of NONE has a variable in it: "
            "'${HOST}'; a default is plain text: write it out, or let whoever starts Teal set "
            "NONE\n");
  EXPECT_THAT(address_of("${HOST:-${PORT:-1}}"), HasSubstr("the default of HOST has a variable"))
      << "whether it is set or not";
}

TEST(Variables, AreNoKeys) {
  const Loaded<Config> config = load_text("listeners:\n  ${HOST}: {}\n", "t.yaml", kVariables);
  EXPECT_THAT(report_of(config),
              HasSubstr("t.yaml:2:3: listeners.${HOST}: a key cannot have a variable in it"));
}

TEST(Variables, AreTextAndNotYaml) {
  EXPECT_THAT(address_of("${YAML}"), HasSubstr("'${YAML}' is not an address"));
}

TEST(Variables, AreShownByTheirNamesInProblems) {
  for (const char* text : {"${TOKEN}", "${TOKEN}:80", "x${TOKEN}", "${HOST}:${TOKEN}"}) {
    const std::string report = address_of(text);
    EXPECT_THAT(report, HasSubstr(std::string("'") + text + "'"));
    EXPECT_THAT(report, Not(HasSubstr("3f9a")));
  }
  // Of 80 characters and more a message shows the beginning: that has no part of one either.
  const std::string report = address_of(std::string(76, 'x') + "${TOKEN}");
  EXPECT_THAT(report, Not(HasSubstr("tok-")));
}

TEST(Variables, AreShownByTheirNamesWhereAnotherValueIsCompared) {
  const Loaded<Config> config =
      load_text("listeners:\n  a: { address: '${HOST}:80' }\n  b: { address: '10.9.8.7:80' }\n",
                "t.yaml", kVariables);
  EXPECT_THAT(report_of(config), Not(HasSubstr("10.9.8.7")));
}

TEST(Variables, DoNotMultiplyWithoutABound) {
  std::string targets;
  for (int i = 0; i < 900; ++i) targets += "'${LONG}', ";
  const Loaded<Config> config =
      load_text("services: { shop: { blue: { targets: [ " + targets + " ] } } }", "t.yaml",
                {{"LONG", std::string(1'000'000, 'x')}});
  EXPECT_THAT(report_of(config), HasSubstr("more than 32 MiB once variables are replaced"));
}

TEST(Variables, MeanNothingInRequests) {
  const Loaded<DeploymentRequest> request =
      parse_deployment_request(R"({"revision": "${HOST}"})", Deploy{});
  ASSERT_FALSE(request);
  EXPECT_THAT(to_string(request.error().list.at(0)), HasSubstr("'${HOST}'"));
}

}  // namespace
}  // namespace teal::config
