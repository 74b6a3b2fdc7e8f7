#include "net/message.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <utility>

namespace teal::net {
namespace {

/// A lower-case name as a template argument.
template <std::size_t kSize>
struct Lower {
  std::array<char, kSize> text{};
  consteval Lower(const char (&literal)[kSize + 1]) { std::copy_n(literal, kSize, text.begin()); }
};
template <std::size_t kTerminated>
Lower(const char (&)[kTerminated]) -> Lower<kTerminated - 1>;

constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

/// Compares one machine word of a name. Setting bit 0x20 folds the case of letters; it is set only
/// where a letter is expected, so nothing but that letter in either case can match.
template <Lower kName, class Word, std::size_t kAt>
bool word_matches(const char* name) {
  constexpr auto part = [](bool fold) {
    std::array<char, sizeof(Word)> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const char c = kName.text[kAt + i];
      bytes[i] = fold ? (is_lower(c) ? '\x20' : '\0') : c;
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

/// Requires: `name` has the size of kName.
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

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

HeaderId long_header_id(const char* name, std::size_t size) {
  switch (size) {
    case 15:
      if (matches<"x-forwarded-for">(name)) return HeaderId::x_forwarded_for;
      if (matches<"idempotency-key">(name)) return HeaderId::idempotency_key;
      break;
    case 16:
      if (matches<"x-forwarded-host">(name)) return HeaderId::x_forwarded_host;
      if (matches<"x-forwarded-port">(name)) return HeaderId::x_forwarded_port;
      if (matches<"proxy-connection">(name)) return HeaderId::proxy_connection;
      break;
    case 17:
      if (matches<"transfer-encoding">(name)) return HeaderId::transfer_encoding;
      if (matches<"x-forwarded-proto">(name)) return HeaderId::x_forwarded_proto;
      break;
    case 18:
      if (matches<"proxy-authenticate">(name)) return HeaderId::proxy_authenticate;
      break;
    case 19:
      if (matches<"proxy-authorization">(name)) return HeaderId::proxy_authorization;
      break;
    default: break;
  }
  return HeaderId::other;
}

}  // namespace

HeaderId header_id(std::string_view view) {
  const char* name = view.data();
  switch (view.size()) {
    case 2:
      if (matches<"te">(name)) return HeaderId::te;
      break;
    case 3:
      if (matches<"via">(name)) return HeaderId::via;
      break;
    case 4:
      if (matches<"host">(name)) return HeaderId::host;
      if (matches<"date">(name)) return HeaderId::date;
      break;
    case 6:
      if (matches<"cookie">(name)) return HeaderId::cookie;
      if (matches<"server">(name)) return HeaderId::server;
      if (matches<"expect">(name)) return HeaderId::expect;
      break;
    case 7:
      if (matches<"referer">(name)) return HeaderId::referer;
      if (matches<"upgrade">(name)) return HeaderId::upgrade;
      if (matches<"trailer">(name)) return HeaderId::trailer;
      break;
    case 9:
      if (matches<"x-real-ip">(name)) return HeaderId::x_real_ip;
      if (matches<"forwarded">(name)) return HeaderId::forwarded;
      break;
    case 10:
      if (matches<"connection">(name)) return HeaderId::connection;
      if (matches<"user-agent">(name)) return HeaderId::user_agent;
      if (matches<"set-cookie">(name)) return HeaderId::set_cookie;
      if (matches<"keep-alive">(name)) return HeaderId::keep_alive;
      if (matches<"tracestate">(name)) return HeaderId::tracestate;
      break;
    case 11:
      if (matches<"traceparent">(name)) return HeaderId::traceparent;
      break;
    case 12:
      if (matches<"x-request-id">(name)) return HeaderId::x_request_id;
      break;
    case 14:
      if (matches<"content-length">(name)) return HeaderId::content_length;
      break;
    default: return long_header_id(name, view.size());
  }
  return HeaderId::other;
}

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

const Field* Fields::find(HeaderId id) const {
  for (const Field& field : list_)
    if (field.id == id) return &field;
  return nullptr;
}

const Field* Fields::find(std::string_view wanted) const {
  for (const Field& field : list_)
    if (iequals(name(field), wanted)) return &field;
  return nullptr;
}

std::string_view Fields::get(HeaderId id) const {
  const Field* field = find(id);
  return field == nullptr ? std::string_view{} : value(*field);
}

}  // namespace teal::net
