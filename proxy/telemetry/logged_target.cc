#include "proxy/telemetry/logged_target.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.h"

namespace teal::proxy {
namespace {

constexpr std::string_view kRedacted = "REDACTED";
/// Longer names are looked at up to here.
constexpr std::size_t kMaxNameLength = 128;

/// Telling wherever they stand in a name.
constexpr std::array<std::string_view, 16> kParts{
    "token",     "secret",     "passw",     "passphrase", "signature", "credential",
    "sessi",     "authkey",    "oauth",     "authoriz",   "authentic", "apikey",
    "accesskey", "privatekey", "assertion", "saml"};
/// Telling as a word of their own.
constexpr std::array<std::string_view, 16> kWords{"key",  "code", "sig",   "auth",  "pass", "pwd",
                                                  "sid",  "jwt",  "hmac",  "mac",   "otp",  "pin",
                                                  "csrf", "xsrf", "nonce", "ticket"};

/// A name as its reader has it.
struct Name {
  std::array<char, kMaxNameLength>
      letters{};  ///< In lower case, without what stands between words.
  std::array<bool, kMaxNameLength + 1> begins{};  ///< A word begins at this letter.
  std::size_t size = 0;

  std::string_view text() const { return {letters.data(), size}; }
};

Name read_name(std::string_view raw) {
  Name name;
  bool after_lower = false;
  bool is_new = true;
  for (std::size_t i = 0; i < raw.size() && name.size < kMaxNameLength; ++i) {
    char c = raw[i];
    if (c == '%' && i + 2 < raw.size() && hex_value(raw[i + 1]) >= 0 &&
        hex_value(raw[i + 2]) >= 0) {
      c = static_cast<char>(hex_value(raw[i + 1]) * 16 + hex_value(raw[i + 2]));
      i += 2;
    }
    if (!is_alnum(c)) {
      is_new = true;
      after_lower = false;
      continue;
    }
    name.begins[name.size] = is_new || (is_upper(c) && after_lower);
    name.letters[name.size++] = to_lower(c);
    after_lower = !is_upper(c);
    is_new = false;
  }
  name.begins[name.size] = true;
  return name;
}

/// Writes the text without the values of secret parameters.
class Redaction {
 public:
  explicit Redaction(ByteBuffer& out) : out_(out) {}

  /// A parameter ends where one of these stands, whatever its name is.
  void parameters(std::string_view text, std::string_view ends) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find_first_of(ends), text.size());
      parameter(text.substr(0, end));
      text.remove_prefix(end);
      if (text.empty()) return;
      out_ += text[0];
      text.remove_prefix(1);
    }
  }

 private:
  /// Some take ";" for an end of parameters too, some for a part of values: names may stand behind
  /// it, but what is secret does not end there.
  void parameter(std::string_view text) {
    std::size_t begin = 0;
    while (begin < text.size()) {
      const std::size_t end = std::min(text.find(';', begin), text.size());
      const std::size_t equals = text.substr(0, end).find('=', begin);
      if (equals != text.npos && is_secret_name(text.substr(begin, equals - begin))) {
        out_ += text.substr(0, equals + 1);
        if (equals + 1 < text.size()) out_ += kRedacted;
        return;
      }
      begin = end + 1;
    }
    out_ += text;
  }

  ByteBuffer& out_;
};

}  // namespace

bool is_secret_name(std::string_view raw) {
  const Name name = read_name(raw);
  const std::string_view text = name.text();
  for (const std::string_view part : kParts)
    if (text.find(part) != text.npos) return true;
  for (const std::string_view word : kWords)
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1))
      if (name.begins[at] && name.begins[at + word.size()]) return true;
  return false;
}

std::string_view logged_target(std::string_view target, config::AccessLog::Query query,
                               ByteBuffer& room) {
  using Query = config::AccessLog::Query;
  if (query == Query::full) [[likely]]
    return target;
  // A Referer may have a fragment too, which is where some put tokens.
  const std::size_t path = std::min(target.find_first_of("?#"), target.size());
  if (query == Query::none) target = target.substr(0, path);
  if (path == target.size() && target.find(';') == target.npos) return target;
  room.clear();
  Redaction redaction(room);
  redaction.parameters(target.substr(0, path), "/");
  if (path == target.size()) return room.view();
  room += target[path];
  redaction.parameters(target.substr(path + 1), "&#");
  return room.view();
}

}  // namespace teal::proxy
