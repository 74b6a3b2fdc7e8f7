#include "net/tls/identity.h"

#include "base/ascii.h"
#include "base/hex.h"

namespace teal::net {
namespace {

constexpr std::size_t kMaxBytes = 4096;

/// What a certificate says may hold anything: controls and what is no ASCII become '?', so that no
/// value can end the header or begin another one.
std::string value_of(std::string_view text) {
  bool quotes = text.empty();
  std::string safe;
  for (const char c : text) {
    const bool plain =
        is_alnum(c) || std::string_view("-._~:/?#[]@!$&'()*+%").find(c) != std::string_view::npos;
    quotes = quotes || !plain;
    if (c == '"' || c == '\\') safe += '\\';
    safe += c < ' ' || c > '~' ? '?' : c;
  }
  return quotes ? '"' + safe + '"' : safe;
}

void append(std::string& out, std::string_view key, std::string_view value) {
  const std::string text = value_of(value);
  if (out.size() + key.size() + text.size() + 2 > kMaxBytes) return;
  out += ';';
  out += key;
  out += '=';
  out += text;
}

}  // namespace

std::string identity_text(const ClientIdentity& identity) {
  std::string out = "Hash=" + to_hex({reinterpret_cast<const std::uint8_t*>(identity.hash.data()),
                                      identity.hash.size()});
  if (!identity.subject.empty()) append(out, "Subject", identity.subject);
  for (const std::string& each : identity.uris) append(out, "URI", each);
  for (const std::string& each : identity.dns) append(out, "DNS", each);
  return out;
}

}  // namespace teal::net
