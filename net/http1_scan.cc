#include "net/http1_scan.h"

#include <limits>

namespace teal::net::http1 {
namespace {

/// Why the name of the line [begin, end) stops at `at`, where no colon stands.
Refusal name_refusal(const char* bytes, std::uint32_t begin, std::uint32_t at, std::uint32_t end,
                     bool is_first) {
  if (at == begin && is_blank(bytes[at]))
    return is_first ? Refusal::leading_space : Refusal::folded_line;
  std::uint32_t next = at;
  while (next < end && is_blank(bytes[next])) ++next;
  if (at != begin && next != at && next < end && bytes[next] == ':')
    return Refusal::space_before_colon;
  return Refusal::field_name_malformed;
}

/// RFC 9112, section 5, without its leniencies. Requires: a CR stands at `end`, which ends the walk
/// over the name since it is no token character.
Refusal cut_field(const char* bytes, std::uint32_t begin, std::uint32_t end, bool is_first,
                  Field& field) {
  std::uint32_t colon = begin;
  while (is_in(kToken, bytes[colon])) ++colon;
  if (bytes[colon] != ':' || colon == begin) [[unlikely]]
    return name_refusal(bytes, begin, colon, end, is_first);
  if (colon - begin > std::numeric_limits<std::uint16_t>::max()) return Refusal::head_too_large;

  std::uint32_t value = colon + 1;
  while (value < end && is_blank(bytes[value])) ++value;
  std::uint32_t value_end = end;
  while (value_end > value && is_blank(bytes[value_end - 1])) --value_end;

  field.name_size = static_cast<std::uint16_t>(colon - begin);
  field.id = header_id({bytes + begin, field.name_size});
  field.canonical = value == colon + 2 && bytes[colon + 1] == ' ' && value_end == end;
  field.name_at = begin;
  field.value_at = value;
  field.value_size = value_end - value;
  field.line_end = end + 2;
  return Refusal::none;
}

}  // namespace

Scan scan_fields(std::string_view input, LineCursor& cursor, std::size_t limit, Refusal over_limit,
                 std::uint32_t max_fields, Fields& fields) {
  for (;;) {
    const Scan line = scan_line(input, cursor, limit, over_limit);
    if (line.progress != Scan::Progress::complete) return line;
    const std::uint32_t begin = cursor.line_at;
    pass_line(cursor, line.line_end);
    if (line.line_end == begin) return line;
    if (fields.size() == max_fields) return refused(Refusal::too_many_fields);
    Field field;
    const Refusal broken = cut_field(input.data(), begin, line.line_end, fields.empty(), field);
    if (broken != Refusal::none) return refused(broken);
    fields.push_back(field);
  }
}

}  // namespace teal::net::http1
