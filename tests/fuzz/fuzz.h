// What the fuzz targets share. A target is one file with one LLVMFuzzerTestOneInput(): bytes in, a
// crash where a property does not hold. With Clang and libFuzzer it looks for such bytes (`./dev
// fuzz`); with any compiler `./dev test` runs it over its seeds, tests/fuzz/seeds/<target>.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace teal::fuzz {

/// The property, or the process ends; `seen` is shown with it.
inline void expect(bool holds, const char* property, std::string_view seen = {}) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n%s\n", property, std::string(seen).c_str());
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// An input that begins with a byte of choices.
struct Chosen {
  std::uint8_t choice = 0;
  std::string_view rest;

  Chosen(const std::uint8_t* data, std::size_t size)
      : choice(size > 0 ? data[0] : std::uint8_t{0}),
        rest(text_of(data, size).substr(std::min<std::size_t>(size, 1))) {}
  bool bit(unsigned n) const { return (choice >> n & 1U) != 0; }
};

/// The same bytes as they might come from a network: in pieces of 1 to 64 bytes, by `seed`.
inline std::vector<std::string_view> in_pieces(std::string_view bytes, std::uint32_t seed) {
  std::vector<std::string_view> pieces;
  while (!bytes.empty()) {
    seed = seed * 1664525U + 1013904223U;
    const std::size_t size = std::min<std::size_t>(1 + (seed >> 26U), bytes.size());
    pieces.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return pieces;
}

}  // namespace teal::fuzz
