// Heads of responses of HTTP/1.
#include "base/ascii.h"
#include "base/assert.h"
#include "net/http1/framing.h"
#include "net/http1/parser.h"
#include "net/http1/scan.h"

namespace teal::net {
namespace {

using http1::Scan;

/// HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112, section 4). Many servers leave the
/// reason out with the space before it; that is unambiguous and let through.
Refusal read_status_line(const char* bytes, std::uint32_t begin, std::uint32_t end,
                         ResponseHead& head) {
  const std::string_view line{bytes + begin, end - begin};
  if (line.size() < 9 || line.substr(0, 5) != "HTTP/" || !is_digit(line[5]) || line[6] != '.' ||
      !is_digit(line[7]) || line[8] != ' ')
    return Refusal::start_line_malformed;
  if (line[5] != '1' || line[7] > '1') return Refusal::version_unsupported;
  head.minor_version = static_cast<std::uint8_t>(line[7] - '0');
  const std::string_view code = line.substr(9, 3);
  if (code.size() < 3 || code[0] < '1' || code[0] > '5' || !is_digit(code[1]) ||
      !is_digit(code[2]) || (line.size() > 12 && line[12] != ' '))
    return Refusal::status_malformed;
  head.status =
      static_cast<std::uint16_t>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
  head.reason = {};
  if (line.size() > 13) head.reason = {begin + 13, end - begin - 13};
  return Refusal::none;
}

/// RFC 9112, section 6.3.
Framing framing_of(const http1::FramingFields& fields, std::uint16_t status, Method method) {
  if (status == 101) return {Framing::Kind::until_close, 0};
  if (method == Method::head || status < 200 || status == 204 || status == 304) return {};
  if (fields.chunked) return {Framing::Kind::chunked, 0};
  if (fields.has_length) return {Framing::Kind::length, fields.length};
  return {Framing::Kind::until_close, 0};
}

void drop_framing(Fields& fields) {
  if (!fields.has_any_of<HeaderId::content_length, HeaderId::transfer_encoding>()) return;
  fields.remove_if([](const Field& field) {
    return field.id == HeaderId::content_length || field.id == HeaderId::transfer_encoding;
  });
}

Refusal conclude(ResponseHead& head, Method method, bool may_switch) {
  if (head.status == 101 && !may_switch) return Refusal::upgrade_unrequested;
  // Whatever it says of a body: what follows is the other protocol's (RFC 9112, section 6.3, rule
  // 1).
  if (head.status == 101) drop_framing(head.fields);
  http1::FramingFields fields;
  if (const Refusal broken = http1::read_framing(head.fields, head.minor_version, fields);
      broken != Refusal::none)
    return broken;
  // A target that thinks an interim response has a body would have that body read as the next head.
  if (head.status < 200 && (fields.chunked || fields.length != 0))
    return Refusal::interim_with_body;
  head.connection_names = fields.names_others;
  head.framing = framing_of(fields, head.status, method);
  head.keep_alive = http1::is_kept_alive(fields, head.minor_version) &&
                    head.framing.kind != Framing::Kind::until_close;
  return Refusal::none;
}

}  // namespace

void ResponseParser::expect(Method request_method, bool may_switch) {
  TEAL_ASSERT(state_ == State::done);
  state_ = State::start_line;
  request_method_ = request_method;
  may_switch_ = may_switch;
  interims_ = 0;
  cursor_ = {};
  head_.fields.clear();
}

ParseStep ResponseParser::next(std::string_view input) {
  switch (state_) {
    case State::start_line: return next_start_line(input);
    case State::fields: return next_fields(input);
    case State::body: {
      const ParseStep step = body_.next(input);
      if (step.event == ParseEvent::end) state_ = State::done;
      if (step.event == ParseEvent::refused) return refuse(body_.refusal());
      return step;
    }
    case State::done: return input.empty() ? ParseStep{} : refuse(Refusal::bytes_after_message);
    case State::refused: break;
  }
  return {ParseEvent::refused, 0, {}};
}

ParseStep ResponseParser::at_eof() {
  if (state_ == State::refused) return {ParseEvent::refused, 0, {}};
  if (state_ != State::body || !body_.end_at_eof()) return {};
  state_ = State::done;
  return {ParseEvent::end, 0, {}};
}

ParseStep ResponseParser::refuse(Refusal refusal) {
  state_ = State::refused;
  refusal_ = refusal;
  return {ParseEvent::refused, 0, {}};
}

ParseStep ResponseParser::next_start_line(std::string_view input) {
  // The fields of an interim head were kept until now for whoever forwards it.
  if (cursor_.scanned == 0) head_.fields.clear();
  const bool by_line = limits_.start_line_bytes < limits_.head_bytes;
  const Scan line =
      http1::scan_line(input, cursor_, by_line ? limits_.start_line_bytes : limits_.head_bytes,
                       Refusal::head_too_large);
  if (line.progress == Scan::Progress::incomplete) return {};
  if (line.progress == Scan::Progress::refused) return refuse(line.refusal);
  const Refusal broken = read_status_line(input.data(), cursor_.line_at, line.line_end, head_);
  if (broken != Refusal::none) return refuse(broken);
  http1::pass_line(cursor_, line.line_end);
  state_ = State::fields;
  return next_fields(input);
}

ParseStep ResponseParser::next_fields(std::string_view input) {
  const Scan section = http1::scan_fields(input, cursor_, limits_.head_bytes,
                                          Refusal::head_too_large, limits_.fields, head_.fields);
  if (section.progress == Scan::Progress::incomplete) return {};
  if (section.progress == Scan::Progress::refused) return refuse(section.refusal);
  head_.fields.rebase(input.data());
  head_.size = section.line_end + 2;
  if (const Refusal broken = conclude(head_, request_method_, may_switch_); broken != Refusal::none)
    return refuse(broken);
  if (head_.is_interim()) {
    if (++interims_ > kMaxInterims) return refuse(Refusal::head_too_large);
    cursor_ = {};
    state_ = State::start_line;
  } else {
    body_.start(head_.framing, limits_);
    state_ = State::body;
  }
  return {ParseEvent::head, head_.size, {}};
}

}  // namespace teal::net
