// Mappings and lists of YAML by chance, as text in one line.
//
// Pure given the generator.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/rng.h"
#include "tests/support/sim_names.h"

namespace teal::sim {

inline std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

inline const char* one_of(Rng& rng, std::initializer_list<const char*> texts) {
  return texts.begin()[rng.below(static_cast<std::uint32_t>(texts.size()))];
}

/// "key: { a: b, c: d }" of those that are drawn.
class Mapping {
 public:
  Mapping& add(const std::string& key, const std::string& value) {
    text_ += (text_.empty() ? "" : ", ") + key + ": " + value;
    return *this;
  }
  Mapping& add_some(Rng& rng, const char* key, std::initializer_list<const char*> values) {
    return happens(rng, 50) ? add(key, one_of(rng, values)) : *this;
  }
  bool empty() const { return text_.empty(); }
  std::string braced() const { return "{ " + text_ + " }"; }
  /// Empty where it has nothing.
  std::string under(const std::string& key) const { return empty() ? "" : key + ": " + braced(); }

 private:
  std::string text_;
};

/// "[ a, b ]" of one or more of them, in their order.
inline std::string some_of(Rng& rng, std::initializer_list<const char*> texts) {
  std::string list;
  for (const char* text : texts)
    if (happens(rng, 40)) list += (list.empty() ? "" : ", ") + std::string(text);
  return "[ " + (list.empty() ? one_of(rng, texts) : list) + " ]";
}

}  // namespace teal::sim
