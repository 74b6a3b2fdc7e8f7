#include "control/json/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <boost/json.hpp>

#include "base/printable.h"
#include "base/utf8.h"

namespace teal::control {
namespace {

namespace json = boost::json;

void append(std::string& out, const json::value& value);

void append_string(std::string& out, std::string_view text) {
  out += printable_json(json::serialize(json::string_view(to_utf8(text))));
}

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {  // RFC 8259 section 6 has no word for these.
    out += "null";
    return;
  }
  std::array<char, 64> text{};
  const auto [end, status] = std::to_chars(text.data(), text.data() + text.size(), number);
  out.append(text.data(), status == std::errc{} ? end : text.data());
}

void append_object(std::string& out, const json::object& object) {
  out += '{';
  bool first = true;
  for (const auto& [key, member] : object) {
    if (!first) out += ',';
    first = false;
    append_string(out, key);
    out += ':';
    append(out, member);
  }
  out += '}';
}

void append_array(std::string& out, const json::array& array) {
  out += '[';
  bool first = true;
  for (const json::value& element : array) {
    if (!first) out += ',';
    first = false;
    append(out, element);
  }
  out += ']';
}

void append(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::object: append_object(out, value.get_object()); break;
    case json::kind::array: append_array(out, value.get_array()); break;
    case json::kind::string: append_string(out, value.get_string()); break;
    case json::kind::double_: append_number(out, value.get_double()); break;
    case json::kind::int64: out += std::to_string(value.get_int64()); break;
    case json::kind::uint64: out += std::to_string(value.get_uint64()); break;
    case json::kind::bool_: out += value.get_bool() ? "true" : "false"; break;
    case json::kind::null: out += "null"; break;
  }
}

}  // namespace

std::string to_text(const json::value& value) {
  std::string out;
  append(out, value);
  return out;
}

std::string to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_size(text);
    if (length == 0) out += '?';
    out.append(text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string cut_utf8(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80) --most;
  return std::string(text.substr(0, most));
}

}  // namespace teal::control
