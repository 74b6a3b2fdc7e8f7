#include "base/long_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace teal {
namespace {

std::string joined(const LongText& text) {
  std::string all;
  for (const std::string_view piece : text.pieces()) all += piece;
  return all;
}

TEST(LongText, IsWhatWasAddedInItsOrder) {
  LongText text;
  EXPECT_EQ(joined(text), "");
  std::string all;
  for (int i = 0; i < 20'000; ++i) {
    const std::string some(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
    EXPECT_EQ(text.add(some), some);
    all += some;
  }
  EXPECT_EQ(joined(text), all);
}

TEST(LongText, WhatWasAddedStaysWhereItIs) {
  LongText text;
  std::vector<std::string_view> added;
  for (int i = 0; i < 100; ++i)
    added.push_back(text.add(std::string(LongText::kFirstBlock / 3, static_cast<char>(i))));
  const LongText moved = std::move(text);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(added[static_cast<std::size_t>(i)],
              std::string(LongText::kFirstBlock / 3, static_cast<char>(i)));
  EXPECT_EQ(joined(moved).size(), 100 * (LongText::kFirstBlock / 3));
}

TEST(LongText, TakesMoreThanABlockAtOnce) {
  LongText text;
  text.add("a");
  text.add(std::string(3 * LongText::kLastBlock, 'b'));
  text.add("c");
  EXPECT_EQ(joined(text), "a" + std::string(3 * LongText::kLastBlock, 'b') + "c");
}

TEST(LongText, HasFewPiecesHoweverOftenItIsAddedTo) {
  LongText text;
  for (int i = 0; i < 100'000; ++i) text.add("twenty bytes of text");
  EXPECT_LE(text.pieces().size(), 5U);
}

TEST(LongText, AnEmptyOneIsAddedToo) {
  LongText text;
  EXPECT_EQ(text.add(""), "");
  EXPECT_EQ(joined(text), "");
}

}  // namespace
}  // namespace teal
