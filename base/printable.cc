#include "base/printable.h"

#include "base/utf8.h"

namespace teal {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

constexpr bool is_plain_ascii(char c) {
  return c >= 0x20 && c < 0x7f;
}

constexpr bool is_acted_on(char32_t code) {
  const bool is_control = code < 0x20 || (code >= 0x7f && code <= 0x9f);
  const bool is_bidi = code == 0x061c || code == 0x200e || code == 0x200f ||
                       (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  const bool is_line_end = code == 0x2028 || code == 0x2029;
  return is_control || is_bidi || is_line_end;
}

std::size_t plain_run(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && is_plain_ascii(text[size])) ++size;
  return size;
}

void append_u(std::string& out, char32_t code) {
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += kHex[code >> shift & 0xfU];
}

void append_escape(std::string& out, const PrintableUnit& unit) {
  if (unit.is_utf8 && unit.code_point == '\n') {
    out += "\\n";
  } else if (unit.is_utf8 && unit.code_point == '\r') {
    out += "\\r";
  } else if (unit.is_utf8 && unit.code_point == '\t') {
    out += "\\t";
  } else if (!unit.is_utf8 || unit.size == 1) {
    out += "\\x";
    out += kHex[unit.code_point >> 4U & 0xfU];
    out += kHex[unit.code_point & 0xfU];
  } else {
    append_u(out, unit.code_point);
  }
}

void append_json_escape(std::string& out, const PrintableUnit& unit) {
  if (!unit.is_utf8) {
    out += "\\ufffd";
  } else if (unit.code_point == '\n' || unit.code_point == '\t') {
    out += static_cast<char>(unit.code_point);
  } else if (unit.code_point == '\r') {
    out += ' ';
  } else {
    append_u(out, unit.code_point);
  }
}

template <class Escape>
void append_escaped(std::string& out, std::string_view text, Escape escape) {
  while (true) {
    const std::size_t plain = plain_run(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    const PrintableUnit unit = printable_unit(text);
    if (unit.is_plain)
      out += text.substr(0, unit.size);
    else
      escape(out, unit);
    text.remove_prefix(unit.size);
  }
}

}  // namespace

PrintableUnit printable_unit(std::string_view text) {
  const std::size_t size = utf8_size(text);
  if (size == 0) return {1, false, false, static_cast<unsigned char>(text[0])};
  const char32_t code = utf8_code_point(text.substr(0, size));
  return {size, !is_acted_on(code), true, code};
}

bool is_printable(std::string_view text) {
  while (true) {
    text.remove_prefix(plain_run(text));
    if (text.empty()) return true;
    const PrintableUnit unit = printable_unit(text);
    if (!unit.is_plain) return false;
    text.remove_prefix(unit.size);
  }
}

void append_printable(std::string& out, std::string_view text) {
  append_escaped(out, text, append_escape);
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_printable(out, text);
  return out;
}

std::string printable_json(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_escaped(out, text, append_json_escape);
  return out;
}

}  // namespace teal
