// What a configuration's problems say in the words of whoever wrote it.
#include "config/key_hint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "config/document.h"
#include "config/parse.h"
#include "config/report.h"
#include "config/syntax_hint.h"
#include "tests/support/config_services.h"

namespace teal::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string said_of(const std::string& text) {
  return report_of(load_text(text, "t.yaml"));
}

TEST(KeyHint, KnowsEveryKeyOfTheDocumentedExample) {
  const FileText example = read_regular_file(TEAL_SOURCE_DIR "/config/teal.yaml", kMaxBytes);
  ASSERT_TRUE(example) << example.fault;
  Report report("teal.yaml");
  const std::optional<Node> root = read_yaml(example.text, report);
  ASSERT_TRUE(root);
  parse_config(Value(*root, "", "", report));
  const std::string keys = '\n' + all_keys();
  std::string missing;
  for (const auto& [key, location] : report.present())
    if (!key.ends_with('*') && keys.find('\n' + key + '\n') == std::string::npos)
      missing += key + '\n';
  EXPECT_EQ(missing, "") << "kEverySection in config/key_hint.cc lacks their sections";
}

TEST(KeyHint, SaysWhereAKeyBelongsThatStandsAtTheWrongLevel) {
  EXPECT_THAT(
      said_of("services: { shop: { keep_old: 5m } }"),
      HasSubstr("services.shop.keep_old: unknown key; it belongs under services.NAME.deploy\n"));
  EXPECT_THAT(said_of("keep_old: 5m"), HasSubstr("it belongs under services.NAME.deploy\n"));
  EXPECT_THAT(said_of("listeners: { public: { health: { http: / } } }"),
              HasSubstr("it belongs under services.NAME\n"));
  EXPECT_THAT(said_of("services: { shop: { blue: {}, revision: v1 } }"),
              HasSubstr("it belongs under services.NAME.blue or services.NAME.discover or "
                        "services.NAME.green\n"));
  EXPECT_THAT(said_of("services: { shop: { shutdown_grace: 5s } }"),
              HasSubstr("it belongs under the top level\n"));
}

TEST(KeyHint, TakesASlipOfTheFingerFirst) {
  EXPECT_THAT(said_of("services: { shop: { helth: {} } }"), HasSubstr("did you mean 'health'?"));
}

TEST(KeyHint, NamesTheKnownKeysWhereNothingIsLikeIt) {
  EXPECT_THAT(said_of("admin: { colour: red }"), HasSubstr("known here: address"));
}

TEST(KeyHint, WritesOutTheShortFormOfASection) {
  EXPECT_THAT(said_of("listeners: { public: 443 }"),
              HasSubstr("listeners.public: must be a mapping (key: value), not '443'; write { "
                        "address: 0.0.0.0:443 }\n"));
  EXPECT_THAT(said_of("listeners: { public: 443 }"), Not(HasSubstr("has no address")));
  EXPECT_THAT(said_of("admin: 127.0.0.1:9900"), HasSubstr("write { address: 127.0.0.1:9900 }\n"));
  EXPECT_THAT(said_of("services: { shop: { blue: [ '10.0.0.1:80', '10.0.0.2:80' ] } }"),
              HasSubstr("write { revision: v1, targets: [ 10.0.0.1:80, 10.0.0.2:80 ] }\n"));
  EXPECT_THAT(said_of("services: { shop: { health: /healthz } }"),
              HasSubstr("write { http: /healthz }\n"));
  EXPECT_THAT(said_of("services: { shop: { match: shop.example.com } }"),
              HasSubstr("write { listener: public, host: shop.example.com }\n"));
  EXPECT_THAT(said_of("services: { shop: { deploy: AllAtOnce } }"),
              HasSubstr("write { plan: AllAtOnce }\n"));
}

TEST(KeyHint, KnowsAddressesAsOthersWriteThem) {
  for (const char* address : {"':80'", "80", "'*:80'"})
    EXPECT_THAT(said_of(std::string("admin: { address: ") + address + " }"),
                HasSubstr("write 0.0.0.0:80 for every IPv4 address of this machine, [::]:80 for "
                          "every IPv6 one, or one address like 127.0.0.1:80\n"));
}

TEST(SyntaxHint, KnowsStarsVariablesAndConditionsWithoutQuotes) {
  EXPECT_THAT(said_of("admin: { address: *:80 }"),
              HasSubstr("a '*' begins an alias in YAML: write 0.0.0.0:PORT"));
  EXPECT_THAT(said_of("admin: { address: ${HOST}:80 }"),
              HasSubstr("between brackets, quote what has a variable in it: '${NAME}'"));
  EXPECT_THAT(said_of("admin:\n\taddress: x"), HasSubstr("indent with spaces, not with tabs"));
}

TEST(SyntaxHint, KnowsLinesThatBeginInNoColumnOfTheLinesAround) {
  EXPECT_THAT(said_of("listeners:\n  public:\n     address: 1.2.3.4:80\n    group: idle\n"),
              HasSubstr("t.yaml:4:5: is not YAML: end of map not found; this line begins in column "
                        "5, the lines around it in column 1, 3 or 6"));
  EXPECT_THAT(said_of("listeners:\n  public:\n    address: 1.2.3.4:80\n     group: idle\n"),
              HasSubstr("the line before has its value already: begin in column 5 as it does"));
}

TEST(SyntaxHint, KnowsBracketsWithoutAnEnd) {
  EXPECT_THAT(said_of("admin: { address: '127.0.0.1:80'\nservices: {}\n"),
              HasSubstr("a '{' or '[' before this has no end"));
}

TEST(SyntaxHint, SaysNothingOfALineThatItDoesNotUnderstand) {
  EXPECT_EQ(syntax_hint("a: b\n", -1), "");
  EXPECT_EQ(syntax_hint("", 0), "");
  EXPECT_EQ(syntax_hint("a: b\n", 7), "");
  EXPECT_EQ(syntax_hint("a:\n  b: c\n\n# d\n  e: f\n", 4), "");
}

}  // namespace
}  // namespace teal::config
