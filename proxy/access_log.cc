// The lines of the access log; the thread that writes them is in access_log_writer.cc.
#include "proxy/access_log.h"

#include <array>
#include <charconv>
#include <concepts>

namespace teal::proxy {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

template <std::integral T>
void append_number(std::string& out, T number) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), static_cast<std::size_t>(end - text.data()));
}

/// With leading zeros to `width` digits.
void append_padded(std::string& out, std::int64_t number, std::size_t width) {
  std::array<char, 20> text{};
  for (std::size_t i = width; i-- > 0; number /= 10) text[i] = static_cast<char>('0' + number % 10);
  out.append(text.data(), width);
}

struct Parts {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> clock;
};

Parts parts_of(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  return {std::chrono::year_month_day{day}, std::chrono::hh_mm_ss{time - day}};
}

void append_clock(std::string& out, const Parts& parts) {
  append_padded(out, parts.clock.hours().count(), 2);
  out += ':';
  append_padded(out, parts.clock.minutes().count(), 2);
  out += ':';
  append_padded(out, parts.clock.seconds().count(), 2);
}

/// "2026-11-23T01:14:08.123Z" (RFC 3339).
void append_rfc3339(std::string& out, WallTime time) {
  const Parts parts = parts_of(time);
  append_padded(out, static_cast<int>(parts.date.year()), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(parts.date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(parts.date.day()), 2);
  out += 'T';
  append_clock(out, parts);
  out += '.';
  append_padded(out, parts.clock.subseconds().count(), 3);
  out += 'Z';
}

/// "[23/Nov/2026:01:14:08 +0000]".
void append_apache_time(std::string& out, WallTime time) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Parts parts = parts_of(time);
  out += '[';
  append_padded(out, static_cast<unsigned>(parts.date.day()), 2);
  out += '/';
  out += kMonths[static_cast<unsigned>(parts.date.month()) - 1];
  out += '/';
  append_padded(out, static_cast<int>(parts.date.year()), 4);
  out += ':';
  append_clock(out, parts);
  out += " +0000]";
}

constexpr unsigned byte(char c) {
  return static_cast<unsigned char>(c);
}

/// Bytes of the well-formed UTF-8 sequence at the beginning of `text` (Unicode, table 3-7: no
/// overlong forms, no surrogates, nothing above U+10FFFF), 0 if there is none.
std::size_t utf8_size(std::string_view text) {
  const unsigned lead = byte(text[0]);
  std::size_t size = 0;
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) size = 2;
  if (lead >= 0xe0 && lead <= 0xef) size = 3;
  if (lead >= 0xf0 && lead <= 0xf4) size = 4;
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  if (size == 0 || text.size() < size) return 0;
  if (byte(text[1]) < low || byte(text[1]) > high) return 0;
  for (std::size_t i = 2; i < size; ++i)
    if (byte(text[i]) < 0x80 || byte(text[i]) > 0xbf) return 0;
  return size;
}

constexpr bool is_plain_json(char c) {
  return byte(c) >= 0x20 && byte(c) < 0x7f && c != '"' && c != '\\';
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain_json(text[plain])) ++plain;
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const unsigned c = byte(text[0]);
    std::size_t used = c >= 0x80 ? utf8_size(text) : 0;
    if (used > 0) {
      out.append(text.data(), used);
    } else {
      used = 1;
      if (c == '"' || c == '\\') {
        out += '\\';
        out += text[0];
      } else {
        out += "\\u00";
        out += kHex[c >> 4U];
        out += kHex[c & 0xfU];
      }
    }
    text.remove_prefix(used);
  }
  out += '"';
}

/// Writes `,"name":value` pairs; nothing for what is absent.
class JsonLine {
 public:
  explicit JsonLine(std::string& out) : out_(out) {}

  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    begin(key);
    append_json_text(out_, value);
  }
  template <std::integral T>
  void number(std::string_view key, T value) {
    begin(key);
    append_number(out_, value);
  }
  void flag(std::string_view key, bool value) {
    begin(key);
    out_ += value ? "true" : "false";
  }
  void millis(std::string_view key, std::int64_t micros) {
    if (micros < 0) return;
    begin(key);
    append_number(out_, micros / 1000);
    out_ += '.';
    append_padded(out_, micros % 1000, 3);
  }

 private:
  void begin(std::string_view key) {
    out_ += ",\"";
    out_ += key;
    out_ += "\":";
  }

  std::string& out_;
};

/// Nothing that a terminal or a parser of lines could take for something else.
void append_combined_text(std::string& out, std::string_view text) {
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

void append_or_dash(std::string& out, std::string_view text) {
  if (text.empty())
    out += '-';
  else
    append_combined_text(out, text);
}

template <std::integral T>
void append_number_or_dash(std::string& out, T number) {
  if (number == 0)
    out += '-';
  else
    append_number(out, number);
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
    case Termination::redirected: return "redirected";
    case Termination::misdirected: return "misdirected";
  }
  return "ok";
}

void append_json(std::string& out, const AccessRecord& record) {
  out += "{\"time\":\"";
  append_rfc3339(out, record.at);
  out += '"';
  JsonLine line{out};
  line.text("client", record.client);
  line.text("method", record.method);
  line.text("target", record.target);
  line.text("host", record.host);
  line.text("protocol", record.protocol);
  line.number("status", record.status);
  line.text("termination", to_string(record.termination));
  line.text("origin", record.origin);
  line.text("detail", record.detail);
  line.number("bytes_received", record.bytes_received);
  line.number("bytes_sent", record.bytes_sent);
  line.text("service", record.service);
  line.text("group", record.group);
  line.text("revision", record.revision);
  line.text("upstream", record.upstream);
  line.number("attempts", record.attempts);
  if (record.attempts > 0) line.flag("reused", record.reused);
  line.millis("queue_ms", record.queue);
  line.millis("connect_ms", record.connect);
  line.millis("first_byte_ms", record.first_byte);
  line.millis("duration_ms", record.total);
  line.text("user_agent", record.user_agent);
  line.text("referer", record.referer);
  line.text("request_id", record.request_id);
  line.text("trace_id", record.trace_id);
  out += "}\n";
}

void append_combined(std::string& out, const AccessRecord& record) {
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
