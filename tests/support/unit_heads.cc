#include "tests/support/unit_heads.h"

#include <charconv>

#include <gtest/gtest.h>

namespace teal::test {
namespace {

net::Slice piece(std::size_t at, std::size_t size) {
  return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size)};
}

net::Field field_at(const std::string& bytes, std::size_t at, std::string_view line) {
  const std::size_t colon = line.find(':');
  std::size_t value = colon + 1;
  while (value < line.size() && line[value] == ' ') ++value;
  net::Field field;
  field.name_at = static_cast<std::uint32_t>(at);
  field.name_size = static_cast<std::uint16_t>(colon);
  field.value_at = static_cast<std::uint32_t>(at + value);
  field.value_size = static_cast<std::uint32_t>(line.size() - value);
  field.line_end = static_cast<std::uint32_t>(at + line.size() + 2);
  field.canonical = value == colon + 2;
  field.id = net::header_id(std::string_view{bytes}.substr(at, colon));
  return field;
}

/// Appends the lines to the bytes and their places to the fields.
void add_fields(std::string& bytes, net::Fields& fields, const std::vector<std::string>& lines) {
  std::vector<net::Field> list;
  for (const std::string& line : lines) {
    const std::size_t at = bytes.size();
    bytes += line + "\r\n";
    list.push_back(field_at(bytes, at, line));
  }
  bytes += "\r\n";
  fields.rebase(bytes.data());
  for (const net::Field& field : list) fields.push_back(field);
}

}  // namespace

OwnedHead<net::RequestHead> request_head(std::string_view start_line,
                                         const std::vector<std::string>& fields) {
  OwnedHead<net::RequestHead> owned;
  owned.bytes = std::make_unique<std::string>(std::string(start_line) + "\r\n");
  net::RequestHead& head = owned.head;
  const std::size_t method = start_line.find(' ');
  const std::size_t version = start_line.rfind(' ');
  head.method_text = piece(0, method);
  head.target = piece(method + 1, version - method - 1);
  head.minor_version = start_line.ends_with("1.0") ? 0 : 1;
  add_fields(*owned.bytes, head.fields, fields);
  head.size = static_cast<std::uint32_t>(owned.bytes->size());
  for (const net::Field& field : head.fields) {
    const std::string_view value = head.fields.value(field);
    if (field.id == net::HeaderId::host) head.authority = {field.value_at, field.value_size};
    if (field.id == net::HeaderId::transfer_encoding)
      head.framing.kind = net::Framing::Kind::chunked;
    if (field.id == net::HeaderId::content_length) {
      head.framing.kind = net::Framing::Kind::length;
      std::from_chars(value.data(), value.data() + value.size(), head.framing.length);
    }
  }
  return owned;
}

OwnedHead<net::ResponseHead> response_head(std::string_view start_line,
                                           const std::vector<std::string>& fields) {
  OwnedHead<net::ResponseHead> owned;
  owned.bytes = std::make_unique<std::string>(std::string(start_line) + "\r\n");
  net::ResponseHead& head = owned.head;
  std::from_chars(start_line.data() + 9, start_line.data() + 12, head.status);
  head.minor_version = start_line[7] == '0' ? 0 : 1;
  if (start_line.size() > 13) head.reason = piece(13, start_line.size() - 13);
  add_fields(*owned.bytes, head.fields, fields);
  head.size = static_cast<std::uint32_t>(owned.bytes->size());
  return owned;
}

std::vector<std::string> lines_of(std::string_view head) {
  std::vector<std::string> lines;
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos) {
      ADD_FAILURE() << "a line without CRLF: " << head;
      break;
    }
    if (end == 0) {
      EXPECT_EQ(head.size(), 2U) << "bytes behind the empty line";
      break;
    }
    lines.emplace_back(head.substr(0, end));
    head.remove_prefix(end + 2);
  }
  return lines;
}

std::vector<std::string> values_of(const std::vector<std::string>& lines, std::string_view name) {
  std::vector<std::string> values;
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos && net::iequals(line.substr(0, colon), name))
      values.push_back(line.substr(colon + 2));
  }
  return values;
}

}  // namespace teal::test
