#include "net/http2/head.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/ascii.h"
#include "base/assert.h"
#include "net/http/authority.h"
#include "net/http/field_names.h"
#include "net/http/request_target.h"
#include "net/http1/framing.h"
#include "net/http1/scan.h"

namespace teal::net {
namespace {

/// RFC 9113, section 6.5.2.
constexpr std::uint64_t kFieldOverhead = 32;

/// What is wrong or odd about a byte of a name.
enum : std::uint8_t { kForeign = 1, kOdd = 2 };

/// tchar without upper case.
constexpr std::array<std::uint8_t, 256> kNameBytes = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c) {
    if (!kToken[c] || (c >= 'A' && c <= 'Z'))
      table[c] = kForeign;
    else if (is_odd_in_name(static_cast<char>(c)))
      table[c] = kOdd;
  }
  return table;
}();

Refusal check_name(std::string_view name, Fields& fields) {
  if (name.size() > std::numeric_limits<std::uint16_t>::max()) return Refusal::head_too_large;
  std::uint8_t seen = name.empty() ? kForeign : 0;
  for (const char c : name) seen |= kNameBytes[static_cast<unsigned char>(c)];
  if (seen == 0) [[likely]]
    return Refusal::none;
  if ((seen & kForeign) != 0)
    return is_token(name) ? Refusal::field_name_not_lower : Refusal::field_name_malformed;
  fields.note_odd_name();
  return Refusal::none;
}

}  // namespace

Refusal check_http2_value(std::string_view value) {
  if (value.empty()) return Refusal::none;
  if (http1::is_blank(value.front()) || http1::is_blank(value.back()))
    return Refusal::field_value_padded;
  const std::size_t at = http1::find_control(value.data(), 0, value.size());
  if (at == value.size()) [[likely]]
    return Refusal::none;
  if (value[at] == '\r') return Refusal::bare_cr;
  return value[at] == '\n' ? Refusal::bare_lf : Refusal::control_character;
}

void Http2HeadReader::begin(Kind kind, std::uint32_t max_bytes) {
  kind_ = kind;
  max_bytes_ = max_bytes;
  refusal_ = Refusal::none;
  list_bytes_ = length_ = 0;
  count_ = hosts_ = 0;
  block_.clear();
  cookies_.clear();
  has_method_ = has_scheme_ = has_path_ = has_authority_ = has_status_ = false;
  has_length_ = has_cookie_ = has_protocol_ = false;
  host_ = {};
  switch (kind) {
    case Kind::request:
      request_.method = Method::get;
      request_.minor_version = kHttp2;
      request_.keep_alive = true;
      request_.expects_continue = request_.connection_names = false;
      request_.authority_form = AuthorityForm::other;
      request_.framing = {};
      request_.method_text = request_.target = request_.authority = request_.protocol = {};
      break;
    case Kind::response:
      response_.status = 0;
      response_.minor_version = kHttp2;
      response_.keep_alive = true;
      response_.connection_names = false;
      response_.framing = {};
      response_.reason = {};
      break;
    case Kind::trailers: break;
  }
  fields().clear();
}

Fields& Http2HeadReader::fields() {
  switch (kind_) {
    case Kind::request: return request_.fields;
    case Kind::response: return response_.fields;
    case Kind::trailers: break;
  }
  return trailers_;
}

Slice Http2HeadReader::append(std::string_view bytes) {
  const Slice slice{static_cast<std::uint32_t>(block_.size()),
                    static_cast<std::uint32_t>(bytes.size())};
  block_ += bytes;
  return slice;
}

void Http2HeadReader::add(std::string_view name, std::string_view value) {
  list_bytes_ += name.size() + value.size() + kFieldOverhead;
  if (refusal_ != Refusal::none) return;
  if (list_bytes_ > max_bytes_) {
    refuse(kind_ == Kind::trailers ? Refusal::trailers_too_large : Refusal::head_too_large);
    return;
  }
  if (name.starts_with(':')) {
    add_pseudo(name, value);
    return;
  }
  if (++count_ > limits_.fields) {
    refuse(kind_ == Kind::trailers ? Refusal::trailers_too_large : Refusal::too_many_fields);
    return;
  }
  add_field(name, value);
}

void Http2HeadReader::add_pseudo(std::string_view name, std::string_view value) {
  if (kind_ == Kind::trailers || count_ != 0) {
    refuse(Refusal::pseudo_field_malformed);
    return;
  }
  const auto once = [this](bool& seen) {
    if (seen) refuse(Refusal::pseudo_field_malformed);
    return !std::exchange(seen, true);
  };
  if (kind_ == Kind::response) {
    const bool is_number =
        value.size() == 3 && std::ranges::all_of(value, [](char c) { return is_digit(c); });
    if (name != ":status" || !is_number) {
      refuse(name == ":status" ? Refusal::status_malformed : Refusal::pseudo_field_malformed);
    } else if (once(has_status_)) {
      response_.status = static_cast<std::uint16_t>((value[0] - '0') * 100 + (value[1] - '0') * 10 +
                                                    value[2] - '0');
    }
    return;
  }
  if (name == ":method") {
    if (!once(has_method_)) return;
    if (!is_token(value)) return refuse(Refusal::method_malformed);
    request_.method = method_of(value);
    request_.method_text = append(value);
  } else if (name == ":path") {
    if (!once(has_path_)) return;
    if (value.size() > limits_.path_bytes) return refuse(Refusal::request_line_too_long);
    if (value.empty() || !std::ranges::all_of(value, [](char c) { return is_in(kTarget, c); }))
      return refuse(Refusal::target_malformed);
    request_.target = append(value);
  } else if (name == ":authority") {
    if (!once(has_authority_)) return;
    request_.authority_form = authority_form(value);
    if (request_.authority_form == AuthorityForm::refused) return refuse(Refusal::host_malformed);
    request_.authority = append(value);
  } else if (name == ":scheme") {
    if (once(has_scheme_) && value != "http" && value != "https")
      refuse(Refusal::pseudo_field_malformed);
  } else if (name == ":protocol") {
    if (!once(has_protocol_)) return;
    if (!is_token(value)) return refuse(Refusal::pseudo_field_malformed);
    request_.protocol = append(value);
  } else {
    refuse(Refusal::pseudo_field_malformed);
  }
}

/// RFC 8441, section 4: CONNECT with a protocol has scheme and path, and its stream is the
/// connection that the protocol runs on. To whoever serves it, it is a GET that asks for an
/// upgrade.
Refusal Http2HeadReader::read_protocol(bool ends) {
  if (!has_protocol_)
    return is_unsupported(request_.method) ? Refusal::method_unsupported : Refusal::none;
  if (request_.method != Method::connect) return Refusal::pseudo_field_malformed;
  if (length_ != 0) return Refusal::content_length_mismatch;
  if (ends) return Refusal::protocol_without_stream;
  request_.method = Method::get;
  request_.method_text = append("GET");
  return Refusal::none;
}

void Http2HeadReader::push_line(HeaderId id, std::string_view name, std::string_view value) {
  Field field;
  field.id = id;
  field.canonical = true;
  field.name_size = static_cast<std::uint16_t>(name.size());
  field.name_at = static_cast<std::uint32_t>(block_.size());
  field.value_at = static_cast<std::uint32_t>(block_.size() + name.size() + 2);
  field.value_size = static_cast<std::uint32_t>(value.size());
  block_ += name;
  block_ += ": ";
  block_ += value;
  block_ += "\r\n";
  field.line_end = static_cast<std::uint32_t>(block_.size());
  fields().push_back(field);
}

void Http2HeadReader::add_field(std::string_view name, std::string_view value) {
  if (const Refusal broken = check_name(name, fields()); broken != Refusal::none)
    return refuse(broken);
  if (const Refusal broken = check_http2_value(value); broken != Refusal::none)
    return refuse(broken);
  Field field;
  field.id = header_id(name);
  if (const Refusal broken = check_known(field, name, value); broken != Refusal::none)
    return refuse(broken);
  if (field.id == HeaderId::cookie && kind_ == Kind::request) {
    // RFC 9113, section 8.2.3: crumbs are one field again before they go anywhere else.
    if (std::exchange(has_cookie_, true)) cookies_ += "; ";
    cookies_ += value;
    return;
  }
  push_line(field.id, name, value);
  if (field.id == HeaderId::host) {
    const Field& line = fields().end()[-1];
    host_ = {line.value_at, line.value_size};
  }
}

Refusal Http2HeadReader::check_known(const Field& field, std::string_view name,
                                     std::string_view value) {
  if (kind_ == Kind::trailers)
    return http1::is_forbidden_trailer(field, name) ? Refusal::trailer_forbidden : Refusal::none;
  if (is_connection_specific(field.id)) return Refusal::connection_field;
  switch (field.id) {
    case HeaderId::te:
      return kind_ == Kind::request && iequals(value, "trailers") ? Refusal::none
                                                                  : Refusal::te_not_trailers;
    case HeaderId::host:
      if (kind_ == Kind::request && ++hosts_ > 1) return Refusal::host_repeated;
      return Refusal::none;
    case HeaderId::expect:
      if (kind_ != Kind::request) return Refusal::none;
      if (request_.expects_continue || !iequals(value, "100-continue"))
        return Refusal::expectation_unknown;
      request_.expects_continue = true;
      return Refusal::none;
    case HeaderId::content_length: return read_length(value);
    default: return Refusal::none;
  }
}

Refusal Http2HeadReader::read_length(std::string_view value) {
  if (std::exchange(has_length_, true)) return Refusal::content_length_repeated;
  const std::optional<std::uint64_t> length = http1::parse_length(value);
  if (!length) return Refusal::content_length_malformed;
  length_ = *length;
  return Refusal::none;
}

void Http2HeadReader::join_cookies() {
  if (has_cookie_) push_line(HeaderId::cookie, "cookie", cookies_.view());
}

Refusal Http2HeadReader::read_target() {
  if (!has_method_ || !has_scheme_ || !has_path_) return Refusal::pseudo_field_malformed;
  const std::string_view target = request_.text(request_.target);
  if (target.starts_with('/')) return Refusal::none;
  const bool is_asterisk = target == "*" && request_.method == Method::options;
  return is_asterisk ? Refusal::none : Refusal::target_malformed;
}

/// RFC 9113, section 8.3.1: where Host is there too it must not say anything else, and strict is
/// not to choose.
Refusal Http2HeadReader::read_authority() {
  if (hosts_ == 0) return has_authority_ ? Refusal::none : Refusal::host_missing;
  const std::string_view host = request_.text(host_);
  const AuthorityForm form = authority_form(host);
  if (form == AuthorityForm::refused) return Refusal::host_malformed;
  if (!has_authority_) {
    request_.authority = host_;
    request_.authority_form = form;
    return Refusal::none;
  }
  return iequals(host, request_.text(request_.authority)) ? Refusal::none : Refusal::host_malformed;
}

Refusal Http2HeadReader::finish_request(bool ends) {
  TEAL_ASSERT(kind_ == Kind::request);
  if (refusal_ == Refusal::none) join_cookies();
  if (refusal_ == Refusal::none) refusal_ = read_protocol(ends);
  request_.fields.rebase(block_.data());
  request_.size = static_cast<std::uint32_t>(block_.size());
  if (refusal_ != Refusal::none) return refusal_;
  if (const Refusal broken = read_target(); broken != Refusal::none) return broken;
  if (const Refusal broken = read_authority(); broken != Refusal::none) return broken;
  if (ends) return length_ != 0 ? Refusal::content_length_mismatch : Refusal::none;
  if (request_.is_extended_connect()) return Refusal::none;
  request_.framing =
      has_length_ ? Framing{Framing::Kind::length, length_} : Framing{Framing::Kind::chunked, 0};
  return Refusal::none;
}

Refusal Http2HeadReader::finish_response(bool ends, bool is_bodiless) {
  TEAL_ASSERT(kind_ == Kind::response);
  response_.fields.rebase(block_.data());
  response_.size = static_cast<std::uint32_t>(block_.size());
  if (refusal_ != Refusal::none) return refusal_;
  if (!has_status_) return Refusal::pseudo_field_malformed;
  if (response_.status < 100 || response_.status > 599) return Refusal::status_malformed;
  // RFC 9113, section 8.6: nobody can switch protocols here.
  if (response_.status == 101) return Refusal::upgrade_unrequested;
  if (response_.is_interim()) return ends ? Refusal::interim_with_body : Refusal::none;
  if (is_bodiless) return Refusal::none;
  if (ends) {
    response_.framing = {Framing::Kind::length, 0};
    return length_ != 0 ? Refusal::content_length_mismatch : Refusal::none;
  }
  response_.framing =
      has_length_ ? Framing{Framing::Kind::length, length_} : Framing{Framing::Kind::chunked, 0};
  return Refusal::none;
}

Refusal Http2HeadReader::finish_trailers() {
  TEAL_ASSERT(kind_ == Kind::trailers);
  trailers_.rebase(block_.data());
  return refusal_;
}

}  // namespace teal::net
