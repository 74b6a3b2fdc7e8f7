#include "net/http2/field_section.h"

#include "base/assert.h"
#include "net/http2/head.h"

namespace teal::net {

void Http2FieldSection::add_lines(std::string_view lines) {
  constexpr std::string_view kEndOfLine = "\r\n";
  constexpr std::string_view kBetween = ": ";
  while (!lines.empty()) {
    const std::size_t end = lines.find(kEndOfLine);
    TEAL_ASSERT(end != std::string_view::npos);
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + kEndOfLine.size());
    const std::size_t colon = line.find(kBetween);
    TEAL_ASSERT(colon != std::string_view::npos);
    const std::string_view name = line.substr(0, colon);
    if (!is_connection_specific(header_id(name))) add(name, line.substr(colon + kBetween.size()));
  }
}

void Http2KeptFields::take(const Http2FieldSection& section) {
  bytes_.clear();
  sizes_.clear();
  for (const auto& [name, value] : section) {
    bytes_ += name;
    bytes_ += value;
    sizes_.push_back(
        {static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value.size())});
  }
}

}  // namespace teal::net
