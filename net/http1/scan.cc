#include "net/http1/scan.h"

#include <array>
#include <cstring>
#include <limits>

#include "net/http/field_names.h"
#include "net/http/known_headers.h"
#include "net/http/plain_bytes.h"

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

/// Passes over the letters, digits and hyphens that nearly all names are made of, up to 16 of them.
/// Requires: begin < size.
std::uint32_t pass_plain_name([[maybe_unused]] const char* bytes, std::uint32_t begin,
                              [[maybe_unused]] std::size_t size) {
#if defined(__SSE2__)
  if (begin + std::size_t{16} > size) return begin;
  const unsigned others = others_mask<'-', '-'>(bytes + begin);
  return begin + static_cast<std::uint32_t>(std::countr_zero(others | 0x10000U));
#else
  return begin;
#endif
}

/// What a byte means for a name.
enum : std::uint8_t { kNoToken = 0, kPlain = 1, kOdd = 2 };

constexpr std::array<std::uint8_t, 256> kNameBytes = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c)
    if (kToken[c]) table[c] = is_odd_in_name(static_cast<char>(c)) ? kOdd : kPlain;
  return table;
}();

/// Passes over the rest of a name, and notes whether there is something odd in it.
std::uint32_t pass_rest_of_name(const char* bytes, std::uint32_t at, Fields& fields) {
  std::uint8_t seen = 0;
  while (const std::uint8_t kind = kNameBytes[static_cast<unsigned char>(bytes[at])]) {
    seen |= kind;
    ++at;
  }
  if ((seen & kOdd) != 0) fields.note_odd_name();
  return at;
}

/// Nearly all names end within so many bytes.
constexpr std::uint32_t kNear = 16;

/// The first colon of the line, if it is near; else `begin`.
std::uint32_t near_colon([[maybe_unused]] const char* bytes, std::uint32_t begin,
                         [[maybe_unused]] std::size_t size) {
#if defined(__SSE2__)
  if (begin + std::size_t{kNear} > size) return begin;
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + begin));
  const auto mask =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(':'))));
  return mask == 0 ? begin : begin + static_cast<std::uint32_t>(std::countr_zero(mask));
#else
  return begin;
#endif
}

/// Neither a blank nor a control byte.
constexpr bool is_visible(char c) {
  return static_cast<unsigned char>(c) > 0x20;
}

/// RFC 9112, section 5, without its leniencies. Requires: a CR stands at `end`, which ends the walk
/// over the name since it is no token character.
inline Refusal cut_field(const char* bytes, std::size_t size, std::uint32_t begin,
                         std::uint32_t end, Fields& fields) {
  Field& field = fields.draft();
  const std::uint32_t near = near_colon(bytes, begin, size);
  std::uint32_t colon = near;
  field.id = known_header(bytes + begin, colon - begin);
  if (field.id == HeaderId::other) {  // A known name needs no look at its letters.
    colon = pass_plain_name(bytes, begin, size);
    if (bytes[colon] != ':') colon = pass_rest_of_name(bytes, colon, fields);
    if (bytes[colon] != ':' || colon == begin) [[unlikely]]
      return name_refusal(bytes, begin, colon, end, fields.empty());
    if (colon - begin > std::numeric_limits<std::uint16_t>::max()) [[unlikely]]
      return Refusal::head_too_large;
    if (near == begin) field.id = header_id({bytes + begin, colon - begin});
  }

  std::uint32_t value = colon + 1;
  std::uint32_t value_end = end;
  // What stands at both ends of the value: the colon and the CR, which are no blanks, at worst.
  field.canonical =
      bytes[value] == ' ' && is_visible(bytes[value + 1]) && is_visible(bytes[end - 1]);
  if (field.canonical) [[likely]] {
    ++value;
  } else {
    while (value < end && is_blank(bytes[value])) ++value;
    while (value_end > value && is_blank(bytes[value_end - 1])) --value_end;
  }
  field.name_size = static_cast<std::uint16_t>(colon - begin);
  field.name_at = begin;
  field.value_at = value;
  field.value_size = value_end - value;
  field.line_end = end + 2;
  return Refusal::none;
}

}  // namespace

Scan scan_fields(std::string_view input, LineCursor& cursor, std::size_t limit, Refusal over_limit,
                 std::uint32_t max_fields, Fields& fields) {
  const char* const bytes = input.data();
  const std::size_t size = input.size();
  const std::size_t window = size < limit ? size : limit;
  std::uint32_t begin = cursor.line_at;
  std::size_t from = cursor.scanned;
  for (;;) {
    std::size_t at = find_low(bytes, from, window);
    if (at + 2 > window || std::memcmp(bytes + at, "\r\n", 2) != 0) [[unlikely]] {
      // Not there yet, or not as it should be, or a tab.
      cursor = {begin, static_cast<std::uint32_t>(from)};
      const Scan line = scan_line(input, cursor, limit, over_limit);
      if (line.progress != Scan::Progress::complete) return line;
      at = line.line_end;
    }
    const auto end = static_cast<std::uint32_t>(at);
    from = at + 2;
    if (end == begin) {
      pass_line(cursor, end);
      return {Scan::Progress::complete, Refusal::none, end};
    }
    if (fields.size() == max_fields) [[unlikely]]
      return refused(Refusal::too_many_fields);
    const Refusal broken = cut_field(bytes, size, begin, end, fields);
    if (broken != Refusal::none) [[unlikely]]
      return refused(broken);
    fields.keep_draft();
    begin = end + 2;
  }
}

}  // namespace teal::net::http1
