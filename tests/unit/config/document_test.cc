#include "config/document.h"

#include <gtest/gtest.h>

#include "config/report.h"

namespace teal::config {
namespace {

using Reader = std::optional<Node> (*)(std::string_view, Report&);

/// The only problem of a text, without the file's name; "" where there is none.
std::string problem_of(Reader read, std::string_view text) {
  Report report("t");
  const bool readable = read(text, report).has_value();
  const Problems problems = report.take();
  EXPECT_EQ(readable, problems.list.empty());
  return problems.list.empty() ? "" : to_string(problems.list.front());
}

Node tree_of(Reader read, std::string_view text) {
  Report report("t");
  std::optional<Node> node = read(text, report);
  for (const Problem& problem : report.take().list) ADD_FAILURE() << to_string(problem);
  return node.value_or(Node{});
}

std::string nested(std::size_t depth, char open, char close) {
  return std::string(depth, open) + std::string(depth, close);
}

TEST(YamlDocument, KeepsPlacesAndDuplicates) {
  const Node root = tree_of(read_yaml, "a: 1\nb:\n  - x\n  - 'y'\na: ~\n");
  ASSERT_EQ(root.entries.size(), 3U);
  EXPECT_EQ(root.entries[0].value.text, "1");
  EXPECT_EQ(root.entries[1].location.line, 2);
  EXPECT_EQ(root.entries[1].value.items[1].text, "y");
  EXPECT_EQ(root.entries[1].value.items[1].location.line, 4);
  EXPECT_EQ(root.entries[1].value.items[1].location.column, 5);
  EXPECT_EQ(root.entries[2].key, "a");
  EXPECT_EQ(root.entries[2].value.kind, Node::Kind::null);
}

TEST(YamlDocument, ReadsAnEmptyTextAsNothing) {
  EXPECT_EQ(tree_of(read_yaml, "").kind, Node::Kind::null);
  EXPECT_EQ(tree_of(read_yaml, "# only a comment\n").kind, Node::Kind::null);
}

TEST(YamlDocument, ResolvesAliasesAndMerges) {
  const Node root = tree_of(read_yaml,
                            "base: &b { x: 1, y: 2 }\n"
                            "more: &m { z: 3, x: 9 }\n"
                            "one: *b\n"
                            "two: { <<: *b, y: 5 }\n"
                            "three: { <<: [ *b, *m ] }\n");
  ASSERT_EQ(root.entries.size(), 5U);
  EXPECT_EQ(root.entries[2].value.entries[1].value.text, "2");
  const Node& two = root.entries[3].value;
  ASSERT_EQ(two.entries.size(), 2U);
  EXPECT_EQ(two.entries[0].value.text, "5");
  EXPECT_EQ(two.entries[1].key, "x");
  const Node& three = root.entries[4].value;
  ASSERT_EQ(three.entries.size(), 3U);
  EXPECT_EQ(three.entries[0].value.text, "1");
  EXPECT_NE(problem_of(read_yaml, "a: { <<: 5 }").find("merges mappings only"), std::string::npos);
}

TEST(YamlDocument, BoundsDepthAndExpansion) {
  EXPECT_EQ(problem_of(read_yaml, nested(kMaxDepth, '[', ']')), "");
  EXPECT_NE(problem_of(read_yaml, nested(kMaxDepth + 1, '[', ']')).find("nested deeper than 32"),
            std::string::npos);
  EXPECT_NE(problem_of(read_yaml, std::string(200'000, '[')), "");
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    bomb += c;
    bomb += ": &";
    bomb += c;
    bomb += " [";
    for (int i = 0; i < 9; ++i) {
      if (i > 0) bomb += ',';
      bomb += '*';
      bomb += static_cast<char>(c - 1);
    }
    bomb += "]\n";
  }
  EXPECT_NE(problem_of(read_yaml, bomb).find("more than 1000000 values"), std::string::npos);
  EXPECT_NE(problem_of(read_yaml, "a: &a [ *a ]").find("never ends"), std::string::npos);
  EXPECT_NE(problem_of(read_yaml, std::string(kMaxBytes + 1, ' ')).find("larger than 16 MiB"),
            std::string::npos);
}

TEST(YamlDocument, CountsTheBytesThatAliasesStandFor) {
  const std::string text(500'000, 'x');
  std::string list = "a: &a " + text + "\nb: [";
  for (int i = 0; i < 7000; ++i) list += "*a,\n";
  const std::string problem = problem_of(read_yaml, list + "]\n");
  EXPECT_NE(problem.find("more than 32 MiB once aliases are replaced"), std::string::npos);
  EXPECT_NE(problem.find("t:67:1: "), std::string::npos) << "where it became too much: " << problem;
  std::string keys = "a: &a { " + std::string(1000, 'k') + ": 1 }\nb: [";
  for (int i = 0; i < 50'000; ++i) keys += "*a,";
  EXPECT_NE(problem_of(read_yaml, keys + "]\n").find("more than 32 MiB"), std::string::npos)
      << "keys count too";
  std::string merges = "a: &a { k: " + text + " }\nb: { <<: [";
  for (int i = 0; i < 7000; ++i) merges += "*a,";
  EXPECT_NE(problem_of(read_yaml, merges + "] }\n").find("more than 32 MiB"), std::string::npos);
  EXPECT_EQ(problem_of(read_yaml, "a: &a " + text + "\nb: [ *a, *a ]\n"), "");
}

TEST(YamlDocument, SaysWhereTheSyntaxIsWrongAndWhatToDo) {
  EXPECT_NE(problem_of(read_yaml, "a: 1\n  b: 2\n").find("t:2:4: is not YAML"), std::string::npos);
  EXPECT_NE(problem_of(read_yaml, "a:\n\tb: 2\n").find("indent with spaces, not with tabs"),
            std::string::npos);
  EXPECT_NE(problem_of(read_yaml, "x:\n  error_rate: > 1%\n").find("quote a condition: '> 1%'"),
            std::string::npos);
  EXPECT_NE(problem_of(read_yaml, "a: *nowhere\n").find("t:1:"), std::string::npos);
  EXPECT_NE(problem_of(read_yaml, "a: !include b.yaml\n").find("tags like '!include'"),
            std::string::npos);
  EXPECT_NE(problem_of(read_yaml, "a: 1\n---\nb: 2\n").find("a second document"),
            std::string::npos);
  EXPECT_NE(problem_of(read_yaml, "[a]: 1\n").find("a key must be a word"), std::string::npos);
}

TEST(YamlDocument, RefusesBytesThatWouldEndItEarly) {
  using namespace std::string_literals;
  EXPECT_EQ(problem_of(read_yaml, "a: 1\n\x04 b: 2\n"s),
            "t:2:1: there is a control character here; remove it");
  EXPECT_NE(problem_of(read_yaml, "a: \0b"s).find("t:1:4"), std::string::npos);
  for (const char* bytes : {"a: \xff", "a: \xc0\xaf", "a: \xed\xa0\x80", "a: \xf5\x80\x80\x80",
                            "a: \xe2\x82", "a: \x80"})
    EXPECT_NE(problem_of(read_yaml, bytes).find("not UTF-8"), std::string::npos) << bytes;
  EXPECT_EQ(problem_of(read_yaml, "a: '\xe2\x82\xac \xf0\x9f\x9a\x80'"), "");
}

TEST(JsonDocument, ReadsWhatEditorsAndLibrariesWrite) {
  const Node root =
      tree_of(read_json,
              "{\r\n\t\"path\":\t\"a\\/b\",\r\n\t\"list\": [\r\n\t\t1,\r\n\t\t-2.5e+3,"
              "\r\n\t\ttrue,\r\n\t\tnull\r\n\t],\r\n\t\"empty\": {}\r\n}\r\n");
  ASSERT_EQ(root.entries.size(), 3U);
  EXPECT_EQ(root.entries[0].value.text, "a/b");
  const Node& list = root.entries[1].value;
  EXPECT_EQ(list.items[1].text, "-2.5e+3");
  EXPECT_EQ(list.items[2].text, "true");
  EXPECT_EQ(list.items[3].kind, Node::Kind::null);
  EXPECT_EQ(list.items[0].location.line, 4);
  EXPECT_EQ(list.items[0].location.column, 3);
  EXPECT_EQ(root.entries[2].value.kind, Node::Kind::mapping);
}

TEST(JsonDocument, UnderstandsEveryEscape) {
  EXPECT_EQ(tree_of(read_json, R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude80")").text,
            "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80");
}

TEST(JsonDocument, RefusesWhatIsNotJson) {
  for (const char* text :
       {"",       "{",       "{\"a\"}",     "{\"a\":}",    "{\"a\":1,}",  "[1,]",
        "[1 2]",  "'a'",     "{a:1}",       "01",          "1.",          ".5",
        "+1",     "-",       "1e",          "tru",         "nul",         "\"a",
        "\"\t\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"",
        "1 1",    "# no",    "{} // no",    "\"\\u\"",     "NaN",         "{\"a\":1 \"b\":2}"})
    EXPECT_NE(problem_of(read_json, text).find("is not JSON"), std::string::npos) << text;
  EXPECT_EQ(problem_of(read_json, "{\n  \"a\": 1,\n}"),
            "t:3:1: is not JSON: a key must stand here, in double quotes");
}

TEST(JsonDocument, BoundsItsDepthAndSize) {
  EXPECT_EQ(problem_of(read_json, nested(kMaxDepth, '[', ']')), "");
  EXPECT_NE(problem_of(read_json, nested(kMaxDepth + 1, '[', ']')).find("nested deeper"),
            std::string::npos);
  EXPECT_NE(problem_of(read_json, std::string(500'000, '[')).find("nested deeper"),
            std::string::npos);
  std::string many = "[0";
  for (std::size_t i = 0; i < kMaxJsonNodes; ++i) many += ",0";
  EXPECT_NE(problem_of(read_json, many + ']').find("more than 100000 values"), std::string::npos);
  EXPECT_NE(problem_of(read_json, std::string(kMaxJsonBytes + 1, ' ')).find("larger than 1 MiB"),
            std::string::npos);
}

TEST(JsonDocument, NeverTakesAPieceForTheWhole) {
  const std::string whole = R"({"revision":"v\u00e9","targets":["10.0.0.1:80"],"n":{"x":[true]}})";
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(problem_of(read_json, whole.substr(0, size)), "") << size;
  EXPECT_EQ(problem_of(read_json, whole), "");
}

}  // namespace
}  // namespace teal::config
