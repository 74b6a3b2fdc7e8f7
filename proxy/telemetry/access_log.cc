// The lines of the access log; the thread that writes them is in access_log_writer.cc.
#include "proxy/telemetry/access_log.h"

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstring>

#include "base/printable.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace teal::proxy {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

/// Numbers from 0 to 99 as two digits.
constexpr std::array<std::array<char, 2>, 100> kTwoDigits = [] {
  std::array<std::array<char, 2>, 100> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i)
    pairs[i] = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
  return pairs;
}();

void put_two(char* at, unsigned number) {
  std::memcpy(at, kTwoDigits[number].data(), 2);
}

/// Three digits.
void put_three(char* at, unsigned number) {
  put_two(at, number / 10);
  at[2] = static_cast<char>('0' + number % 10);
}

struct Parts {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> clock;
};

Parts parts_of(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  return {std::chrono::year_month_day{day}, std::chrono::hh_mm_ss{time - day}};
}

/// "HH:MM:SS".
char* put_clock(char* at, const Parts& parts) {
  put_two(at, static_cast<unsigned>(parts.clock.hours().count()));
  at[2] = at[5] = ':';
  put_two(at + 3, static_cast<unsigned>(parts.clock.minutes().count()));
  put_two(at + 6, static_cast<unsigned>(parts.clock.seconds().count()));
  return at + 8;
}

/// The years that four digits can say.
unsigned year_of(const Parts& parts) {
  return static_cast<unsigned>(std::clamp(static_cast<int>(parts.date.year()), 0, 9999));
}

/// "2026-11-23T01:14:08.123Z" (RFC 3339).
void append_rfc3339(ByteBuffer& out, WallTime time) {
  constexpr std::size_t kSize = 24;
  const Parts parts = parts_of(time);
  char* at = out.room(kSize);
  put_two(at, year_of(parts) / 100);
  put_two(at + 2, year_of(parts) % 100);
  at[4] = at[7] = '-';
  put_two(at + 5, static_cast<unsigned>(parts.date.month()));
  put_two(at + 8, static_cast<unsigned>(parts.date.day()));
  at[10] = 'T';
  at = put_clock(at + 11, parts);
  *at = '.';
  put_three(at + 1, static_cast<unsigned>(parts.clock.subseconds().count()));
  at[4] = 'Z';
  out.advance(kSize);
}

/// "[23/Nov/2026:01:14:08 +0000]".
void append_apache_time(ByteBuffer& out, WallTime time) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Parts parts = parts_of(time);
  constexpr std::size_t kSize = 21;
  char* at = out.room(kSize);
  at[0] = '[';
  put_two(at + 1, static_cast<unsigned>(parts.date.day()));
  at[3] = at[7] = '/';
  std::memcpy(at + 4, kMonths[static_cast<unsigned>(parts.date.month()) - 1].data(), 3);
  put_two(at + 8, year_of(parts) / 100);
  put_two(at + 10, year_of(parts) % 100);
  at[12] = ':';
  put_clock(at + 13, parts);
  out.advance(kSize);
  out += " +0000]";
}

constexpr unsigned byte(char c) {
  return static_cast<unsigned char>(c);
}

constexpr bool is_plain_json(char c) {
  return byte(c) >= 0x20 && byte(c) < 0x7f && c != '"' && c != '\\';
}

/// How many bytes at the beginning can be copied as they are.
std::size_t plain_run(std::string_view text) {
  std::size_t plain = 0;
#if defined(__SSE2__)
  for (; plain + 16 <= text.size(); plain += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + plain));
    // Signed, so that bytes from 0x80 on are below the space as well.
    const __m128i low = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
    const __m128i special = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                                         _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\\')),
                                                      _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f))));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, special)));
    if (mask != 0) return plain + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (plain < text.size() && is_plain_json(text[plain])) ++plain;
  return plain;
}

void append_u(ByteBuffer& out, char32_t code) {
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += kHex[code >> shift & 0xfU];
}

/// The rest of a text that begins with something to escape. A byte that is not UTF-8 is told by its
/// value.
void append_escaped(ByteBuffer& out, std::string_view text) {
  while (!text.empty()) {
    const PrintableUnit unit = printable_unit(text);
    if (!unit.is_plain) {
      append_u(out, unit.code_point);
    } else {
      if (text[0] == '"' || text[0] == '\\') out += '\\';
      out += text.substr(0, unit.size);
    }
    text.remove_prefix(unit.size);
    const std::size_t plain = plain_run(text);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
  }
}

/// A member's name with what stands before and behind it, made when Teal is compiled.
template <std::size_t kSize>
struct Key {
  std::array<char, kSize + 4> text{};
  consteval Key(const char (&name)[kSize + 1]) {
    text = {',', '"'};
    std::copy_n(name, kSize, text.begin() + 2);
    text[kSize + 2] = '"';
    text[kSize + 3] = ':';
  }
};
template <std::size_t kTerminated>
Key(const char (&)[kTerminated]) -> Key<kTerminated - 1>;

/// Writes `,"name":value` pairs; nothing for what is absent.
class JsonLine {
 public:
  explicit JsonLine(ByteBuffer& out) : out_(out) {}

  /// Text from outside.
  template <Key kKey>
  void text(std::string_view value) {
    const std::size_t plain = plain_run(value);
    if (plain == value.size()) [[likely]]
      return word<kKey>(value);
    begin<kKey>();
    out_ += '"';
    out_ += value.substr(0, plain);
    append_escaped(out_, value.substr(plain));
    out_ += '"';
  }
  /// Text of Teal's own, in which nothing needs escaping.
  template <Key kKey>
  void word(std::string_view value) {
    if (value.empty()) return;
    char* at = out_.room(kKey.text.size() + value.size() + 2);
    std::memcpy(at, kKey.text.data(), kKey.text.size());
    at += kKey.text.size();
    *at = '"';
    std::memcpy(at + 1, value.data(), value.size());
    at[value.size() + 1] = '"';
    out_.advance(kKey.text.size() + value.size() + 2);
  }
  template <Key kKey, std::integral T>
  void number(T value) {
    begin<kKey>();
    out_ += value;
  }
  template <Key kKey>
  void flag(bool value) {
    begin<kKey>();
    if (value)
      out_ += "true";
    else
      out_ += "false";
  }
  template <Key kKey>
  void millis(std::int64_t micros) {
    if (micros < 0) return;
    begin<kKey>();
    const auto whole = static_cast<std::uint64_t>(micros) / 1000;
    out_ += whole;
    char* at = out_.room(4);
    *at = '.';
    put_three(at + 1, static_cast<unsigned>(static_cast<std::uint64_t>(micros) - whole * 1000));
    out_.advance(4);
  }

 private:
  template <Key kKey>
  void begin() {
    std::memcpy(out_.room(kKey.text.size()), kKey.text.data(), kKey.text.size());
    out_.advance(kKey.text.size());
  }

  ByteBuffer& out_;
};

/// Nothing that a terminal or a parser of lines could take for something else.
void append_combined_text(ByteBuffer& out, std::string_view text) {
  for (const char c : text) {
    if (is_plain_json(c)) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte(c) >> 4U];
      out += kHex[byte(c) & 0xfU];
    }
  }
}

void append_or_dash(ByteBuffer& out, std::string_view text) {
  if (text.empty())
    out += '-';
  else
    append_combined_text(out, text);
}

template <std::integral T>
void append_number_or_dash(ByteBuffer& out, T number) {
  if (number == 0)
    out += '-';
  else
    out += number;
}

}  // namespace

std::string_view to_string(Termination termination) {
  switch (termination) {
    case Termination::ok: return "ok";
    case Termination::refused: return "refused";
    case Termination::no_route: return "no_route";
    case Termination::no_target: return "no_target";
    case Termination::queue_full: return "queue_full";
    case Termination::queue_timeout: return "queue_timeout";
    case Termination::request_header_timeout: return "request_header_timeout";
    case Termination::request_body_timeout: return "request_body_timeout";
    case Termination::request_timeout: return "request_timeout";
    case Termination::connect_failed: return "connect_failed";
    case Termination::connect_timeout: return "connect_timeout";
    case Termination::upstream_reset: return "upstream_reset";
    case Termination::response_timeout: return "response_timeout";
    case Termination::upstream_protocol: return "upstream_protocol";
    case Termination::upstream_truncated: return "upstream_truncated";
    case Termination::stream_timeout: return "stream_timeout";
    case Termination::client_gone: return "client_gone";
    case Termination::shutdown: return "shutdown";
    case Termination::tunnel_idle: return "tunnel_idle";
    case Termination::tunnel_drained: return "tunnel_drained";
    case Termination::redirected: return "redirected";
    case Termination::responded: return "responded";
    case Termination::body_too_large: return "body_too_large";
    case Termination::rate_limited: return "rate_limited";
    case Termination::compression_failed: return "compression_failed";
    case Termination::overloaded: return "overloaded";
    case Termination::no_descriptor: return "no_descriptor";
    case Termination::misdirected: return "misdirected";
    case Termination::loop: return "loop";
    case Termination::not_begun: return "not_begun";
    case Termination::denied: return "denied";
    case Termination::unauthorized: return "unauthorized";
    case Termination::unchecked: return "unchecked";
    case Termination::auth_refused: return "auth_refused";
    case Termination::auth_failed: return "auth_failed";
  }
  return "ok";
}

void append_json(ByteBuffer& out, const AccessRecord& record) {
  out += "{\"time\":\"";
  append_rfc3339(out, record.at);
  out += '"';
  JsonLine line{out};
  line.text<"client">(record.client);
  line.text<"method">(record.method);
  line.text<"target">(record.target);
  line.text<"host">(record.host);
  line.word<"protocol">(record.protocol);
  line.number<"status">(record.status);
  line.word<"grpc_status">(record.grpc_status);
  line.word<"termination">(to_string(record.termination));
  line.word<"origin">(record.origin);
  line.word<"detail">(record.detail);
  line.number<"bytes_received">(record.bytes_received);
  line.number<"bytes_sent">(record.bytes_sent);
  line.word<"service">(record.service);
  line.word<"group">(record.group);
  line.text<"revision">(record.revision);
  line.text<"upstream">(record.upstream);
  if (!record.shielded_group.empty()) {
    line.word<"shielded_group">(record.shielded_group);
    line.text<"shielded_upstream">(record.shielded_upstream);
    line.word<"shield_reason">(record.shield_reason);
    if (record.shielded_status != 0) line.number<"shielded_status">(record.shielded_status);
  }
  line.number<"attempts">(record.attempts);
  if (record.attempts > 0) line.flag<"reused">(record.reused);
  line.millis<"queue_ms">(record.queue);
  line.millis<"connect_ms">(record.connect);
  line.millis<"first_byte_ms">(record.first_byte);
  line.millis<"duration_ms">(record.total);
  line.text<"user_agent">(record.user_agent);
  line.text<"referer">(record.referer);
  line.word<"request_id">(record.request_id);
  line.word<"trace_id">(record.trace_id);
  out += "}\n";
}

void append_combined(ByteBuffer& out, const AccessRecord& record) {
  append_or_dash(out, record.client);
  out += " - - ";
  append_apache_time(out, record.at);
  out += " \"";
  if (record.method.empty()) {
    out += '-';
  } else {
    append_combined_text(out, record.method);
    out += ' ';
    append_combined_text(out, record.target);
    out += ' ';
    append_combined_text(out, record.protocol);
  }
  out += "\" ";
  append_number_or_dash(out, record.status);
  out += ' ';
  append_number_or_dash(out, record.bytes_sent);
  out += " \"";
  append_or_dash(out, record.referer);
  out += "\" \"";
  append_or_dash(out, record.user_agent);
  out += "\"\n";
}

}  // namespace teal::proxy
