// Heads of requests of HTTP/1.
#include <algorithm>
#include <cstring>

#include "base/ascii.h"
#include "base/assert.h"
#include "net/http/authority.h"
#include "net/http/request_target.h"
#include "net/http1/framing.h"
#include "net/http1/parser.h"
#include "net/http1/scan.h"

namespace teal::net {
namespace {

using http1::Scan;

/// "HTTP/1.1" and the like, at the end of a request line.
constexpr std::size_t kVersionSize = 8;

Slice slice(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
}

/// Absolute form (RFC 9112, section 3.2.2): the authority is taken out of it and the rest is cut
/// down to origin form. An empty path stands for "/", which is borrowed from the "//" before the
/// authority. Where origin form would need bytes that are not there ("/?query", or the "*" that
/// OPTIONS of a bare authority means), the target is refused.
Refusal cut_absolute_form(const char* bytes, Slice whole, RequestHead& head) {
  const std::string_view text{bytes + whole.at, whole.size};
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return Refusal::target_malformed;
  const std::string_view scheme = text.substr(0, colon);
  if (!iequals(scheme, "http") && !iequals(scheme, "https")) return Refusal::target_malformed;
  const std::size_t begin = colon + 3;
  const std::size_t end = std::min(text.find_first_of("/?", begin), text.size());
  if (!is_authority(text.substr(begin, end - begin))) return Refusal::host_malformed;
  head.authority = slice(whole.at + begin, whole.at + end);
  if (end < text.size() && text[end] == '/') {
    head.target = slice(whole.at + end, whole.at + text.size());
    return Refusal::none;
  }
  if (end < text.size() || head.method == Method::options) return Refusal::target_malformed;
  head.target = slice(whole.at + begin - 1, whole.at + begin);
  return Refusal::none;
}

Refusal read_target(const char* bytes, Slice whole, RequestHead& head) {
  const char* begin = bytes + whole.at;
  if (whole.size == 0) return Refusal::target_malformed;
  for (std::uint32_t i = 0; i < whole.size; ++i)
    if (!is_in(kTarget, begin[i])) return Refusal::target_malformed;
  head.target = whole;
  if (*begin == '/') [[likely]]
    return Refusal::none;
  if (*begin == '*' && whole.size == 1)
    return head.method == Method::options ? Refusal::none : Refusal::target_malformed;
  return cut_absolute_form(bytes, whole, head);
}

/// method SP request-target SP HTTP-version (RFC 9112, section 3), single spaces only.
Refusal read_request_line(const char* bytes, std::uint32_t begin, std::uint32_t end,
                          RequestHead& head) {
  const std::string_view line{bytes + begin, end - begin};
  std::size_t method_size = 0;  // Of a few letters: no call is worth it.
  while (method_size < line.size() && line[method_size] != ' ') ++method_size;
  // The shortest is a method, two spaces and a version; its target is then found empty.
  if (line.size() < method_size + 2 + kVersionSize) return Refusal::start_line_malformed;
  const std::size_t target_end = line.size() - kVersionSize - 1;
  const std::string_view version = line.substr(target_end + 1);
  if (line[target_end] != ' ' || std::memcmp(version.data(), "HTTP/", 5) != 0 ||
      !is_digit(version[5]) || version[6] != '.' || !is_digit(version[7]))
    return Refusal::start_line_malformed;
  if (version[5] != '1' || version[7] > '1') return Refusal::version_unsupported;
  head.minor_version = static_cast<std::uint8_t>(version[7] - '0');

  if (method_size == 0) return Refusal::method_malformed;
  head.method = method_of(line.substr(0, method_size));
  if (head.method == Method::other && !is_token(line.substr(0, method_size)))
    return Refusal::method_malformed;
  head.method_text = slice(begin, begin + method_size);
  if (is_unsupported(head.method)) return Refusal::method_unsupported;
  return read_target(bytes, slice(begin + method_size + 1, begin + target_end), head);
}

}  // namespace

ParseStep RequestParser::next(std::string_view input) {
  switch (state_) {
    case State::start_line: return next_start_line(input);
    case State::fields: return next_fields(input);
    case State::body: {
      const ParseStep step = body_.next(input);
      if (step.event == ParseEvent::end) state_ = State::done;
      if (step.event == ParseEvent::refused) {
        state_ = State::refused;
        refusal_ = body_.refusal();
      }
      return step;
    }
    case State::done: return {ParseEvent::end, 0, {}};
    case State::refused: break;
  }
  return {ParseEvent::refused, 0, {}};
}

void RequestParser::restart() {
  TEAL_ASSERT(state_ == State::done);
  state_ = State::start_line;
  has_seen_empty_line_ = false;
  cursor_ = {};
  head_.keep_alive = true;
  head_.expects_continue = false;
  head_.framing = {};
  head_.size = 0;
  head_.protocol = {};
  head_.authority = {};
  head_.authority_form = AuthorityForm::other;
  head_.fields.clear();
}

ParseStep RequestParser::refuse(Refusal refusal) {
  state_ = State::refused;
  refusal_ = refusal;
  return {ParseEvent::refused, 0, {}};
}

ParseStep RequestParser::next_start_line(std::string_view input) {
  // One empty line is passed over (RFC 9112, section 2.2). If nothing follows it is consumed, so
  // that a connection between messages needs no buffer; else it becomes part of the head's bytes.
  if (cursor_.scanned == 0 && !has_seen_empty_line_ && input.substr(0, 2) == "\r\n") {
    has_seen_empty_line_ = true;
    if (input.size() == 2) return {ParseEvent::need_more, 2, {}};
    http1::pass_line(cursor_, 0);
  }
  // An empty line before it counts towards no limit: it may have been consumed already, or not.
  const bool by_line = limits_.start_line_bytes <= limits_.head_bytes;
  const std::size_t limit = by_line ? limits_.start_line_bytes : limits_.head_bytes;
  const Scan line =
      http1::scan_line(input, cursor_, cursor_.line_at + limit,
                       by_line ? Refusal::request_line_too_long : Refusal::head_too_large);
  if (line.progress == Scan::Progress::incomplete) return {};
  if (line.progress == Scan::Progress::refused) return refuse(line.refusal);
  const Refusal broken = read_request_line(input.data(), cursor_.line_at, line.line_end, head_);
  if (broken != Refusal::none) return refuse(broken);
  http1::pass_line(cursor_, line.line_end);
  state_ = State::fields;
  return next_fields(input);
}

ParseStep RequestParser::next_fields(std::string_view input) {
  const std::size_t limit = std::size_t{head_.method_text.at} + limits_.head_bytes;
  const Scan section = http1::scan_fields(input, cursor_, limit, Refusal::head_too_large,
                                          limits_.fields, head_.fields);
  if (section.progress == Scan::Progress::incomplete) return {};
  if (section.progress == Scan::Progress::refused) return refuse(section.refusal);
  head_.fields.rebase(input.data());
  head_.size = section.line_end + 2;
  if (const Refusal broken = conclude(); broken != Refusal::none) return refuse(broken);
  body_.start(head_.framing, limits_);
  state_ = State::body;
  return {ParseEvent::head, head_.size, {}};
}

/// RFC 9112, section 3.2: exactly one valid Host, but HTTP/1.0 may do without. Where an absolute-
/// form target names another host than the field, the target would win; strict is not to choose.
Refusal RequestParser::read_host(std::uint32_t hosts, std::string_view host) {
  if (hosts > 1) return Refusal::host_repeated;
  if (hosts == 0) return head_.minor_version == 0 ? Refusal::none : Refusal::host_missing;
  const AuthorityForm form = hosts_.form_of(host);
  if (form == AuthorityForm::refused) return Refusal::host_malformed;
  if (head_.authority.size != 0)
    return iequals(head_.text(head_.authority), host) ? Refusal::none : Refusal::host_malformed;
  const auto at = static_cast<std::size_t>(host.data() - head_.fields.bytes());
  head_.authority = slice(at, at + host.size());
  head_.authority_form = form;
  return Refusal::none;
}

Refusal RequestParser::conclude() {
  http1::FramingFields fields;
  if (const Refusal broken = http1::read_framing(head_.fields, head_.minor_version, fields);
      broken != Refusal::none)
    return broken;
  if (const Refusal broken = read_host(fields.hosts, fields.host); broken != Refusal::none)
    return broken;
  if (fields.more_expected) return Refusal::expectation_unknown;
  head_.keep_alive = http1::is_kept_alive(fields, head_.minor_version);
  head_.connection_names = fields.names_others;
  head_.expects_continue = fields.continue_expected && head_.minor_version >= 1;
  if (fields.chunked) head_.framing = {Framing::Kind::chunked, 0};
  if (fields.has_length) head_.framing = {Framing::Kind::length, fields.length};
  return Refusal::none;
}

}  // namespace teal::net
