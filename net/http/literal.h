// Comparison with names that are known when Teal is compiled, whatever the case of their letters:
// a word at a time, without a loop.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace teal::net {

/// A lower-case name as a template argument.
template <std::size_t kSize>
struct Lower {
  std::array<char, kSize> text{};
  consteval Lower(const char (&literal)[kSize + 1]) { std::copy_n(literal, kSize, text.begin()); }
};
template <std::size_t kTerminated>
Lower(const char (&)[kTerminated]) -> Lower<kTerminated - 1>;

/// Compares one machine word of a name. Setting bit 0x20 folds the case of letters; it is set only
/// where a letter is expected, so nothing but that letter in either case can match.
template <Lower kName, class Word, std::size_t kAt>
bool word_matches(const char* name) {
  constexpr auto part = [](bool fold) {
    std::array<char, sizeof(Word)> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const char c = kName.text[kAt + i];
      bytes[i] = fold ? (c >= 'a' && c <= 'z' ? '\x20' : '\0') : c;
    }
    return std::bit_cast<Word>(bytes);
  };
  constexpr Word expected = part(false);
  constexpr Word fold = part(true);
  Word word = 0;
  std::memcpy(&word, name + kAt, sizeof word);
  return static_cast<Word>(word | fold) == expected;
}

/// As many words as it takes, the last one overlapping.
template <Lower kName, class Word, std::size_t... kIndexes>
bool words_match(const char* name, std::index_sequence<kIndexes...>) {
  constexpr std::size_t last = kName.text.size() - sizeof(Word);
  return (word_matches<kName, Word, std::min(kIndexes * sizeof(Word), last)>(name) && ...);
}

/// Requires: `name` has the size of kName, which is at least two.
template <Lower kName>
bool matches(const char* name) {
  constexpr std::size_t size = kName.text.size();
  if constexpr (size >= 8) {
    return words_match<kName, std::uint64_t>(name, std::make_index_sequence<(size + 7) / 8>{});
  } else if constexpr (size >= 4) {
    return words_match<kName, std::uint32_t>(name, std::make_index_sequence<(size + 3) / 4>{});
  } else {
    return words_match<kName, std::uint16_t>(name, std::make_index_sequence<(size + 1) / 2>{});
  }
}

template <Lower kName>
bool is(std::string_view text) {
  return text.size() == kName.text.size() && matches<kName>(text.data());
}

}  // namespace teal::net
