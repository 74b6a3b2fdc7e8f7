// What both directions of the header rules share: which fields end at this hop (RFC 9110, section
// 7.6.1), and copying the kept ones as runs. For rewrite_*.cc only.
//
// Pure; writes by the caller's pen, who has asked for the room.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/buffer_writer.h"
#include "net/http/message.h"
#include "net/http1/writer.h"

namespace teal::proxy {

/// Cuts the first element off a comma-separated list and returns it trimmed; it may be empty.
std::string_view next_element(std::string_view& list);

/// Calls `visit` with each element of a list until it says true; whether it did.
template <class Visit>
bool any_element(std::string_view list, Visit visit) {
  while (!list.empty())
    if (visit(next_element(list))) return true;
  return false;
}

/// What Connection says of a head's other fields: which of those without an id it names.
class HeadSurvey {
 public:
  /// Further options make every removable field count as named: whoever names so many hides
  /// something, and comparing each field with each name would cost more than the head is worth.
  static constexpr std::size_t kMaxNamed = 32;

  /// `names`: the head's connection_names; without it there is nothing to look at.
  HeadSurvey(const net::Fields& fields, bool names) {
    if (names) read(fields);
  }
  /// Of what Connection said, as one list, which has to stay where it is.
  explicit HeadSurvey(std::string_view options) { read_connection(options); }

  /// Connection said that TE is for this hop.
  bool names_te() const { return names_te_; }
  /// Connection names this field of no known id, and may do so.
  bool names(std::string_view field) const { return named_size_ != 0 && is_named(field); }

 private:
  void read(const net::Fields& fields);
  void read_connection(std::string_view options);
  bool is_named(std::string_view field) const;

  struct Name {
    const char* text;
    std::size_t size;
    std::string_view view() const { return {text, size}; }
  };
  std::array<Name, kMaxNamed> named_;  ///< Nothing behind named_size_ is ever read, or set.
  std::size_t named_size_ = 0;
  bool too_many_ = false;
  bool names_te_ = false;
};

/// The header that hands a verified client certificate on (net/tls/identity.h), which comes from
/// Teal only; also as some applications read it (net/http/field_names.h).
bool is_identity_header(std::string_view name);

/// Known fields that always end here, and those that are written anew from the framing.
constexpr bool ends_here(net::HeaderId id) {
  using net::HeaderId;
  switch (id) {
    case HeaderId::connection:
    case HeaderId::keep_alive:
    case HeaderId::proxy_authenticate:
    case HeaderId::proxy_authorization:
    case HeaderId::proxy_connection:
    case HeaderId::te:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade:
    case HeaderId::content_length:
    case HeaderId::via: return true;
    default: return false;
  }
}

/// What happens to a field of a request.
enum class Fate : std::uint8_t { keep, drop, keep_if_trusted, keep_if_traced };

constexpr Fate request_fate(net::HeaderId id) {
  using net::HeaderId;
  if (ends_here(id)) return Fate::drop;
  switch (id) {
    case HeaderId::host:
    case HeaderId::expect:
    case HeaderId::proxy:  // CGI takes it for a setting of its own (CVE-2016-5385).
    case HeaderId::forwarded:
    case HeaderId::x_forwarded_for:
    case HeaderId::x_request_id: return Fate::drop;
    case HeaderId::traceparent:
    case HeaderId::tracestate: return Fate::keep_if_traced;
    case HeaderId::x_forwarded_host:
    case HeaderId::x_forwarded_port:
    case HeaderId::x_forwarded_proto:
    case HeaderId::x_real_ip: return Fate::keep_if_trusted;
    default: return Fate::keep;
  }
}

/// Copies kept field lines; neighbours that stand there in canonical form in one piece. Writes at
/// most the lines' own bytes and one for each field.
class LineCopier {
 public:
  LineCopier(BufferWriter pen, const net::Fields& fields) : pen_(pen), fields_(fields) {}

  [[gnu::always_inline]] void keep(const net::Field& field) {
    if (!field.canonical || field.name_at != end_) begin_anew(field);
    if (field.canonical) end_ = field.line_end;
  }
  /// Behind the last line.
  [[gnu::always_inline]] BufferWriter finish() {
    if (end_ > begin_) pen_ += std::string_view(fields_.bytes() + begin_, end_ - begin_);
    begin_ = end_;
    return pen_;
  }

 private:
  void begin_anew(const net::Field& field);

  BufferWriter pen_;
  const net::Fields& fields_;
  std::uint32_t begin_ = 0;  ///< The run not written yet.
  std::uint32_t end_ = 0;
};

/// The values of all lines of a field as one list: "a, b". The pen has not moved if all are empty.
BufferWriter put_joined(BufferWriter pen, const net::Fields& fields, net::HeaderId id);

/// The Via line (RFC 9110, section 7.6.3): what is there, continued by this hop.
[[gnu::always_inline]] inline BufferWriter put_via(BufferWriter pen, const net::Fields& fields,
                                                   std::uint8_t minor_version,
                                                   std::string_view name) {
  pen += "via: ";
  if (fields.has(net::HeaderId::via)) {
    const BufferWriter joined = put_joined(pen, fields, net::HeaderId::via);
    if (joined.at() != pen.at()) (pen = joined) += ", ";
  }
  pen += minor_version == 1 ? "1.1 " : minor_version == 0 ? "1.0 " : "2.0 ";
  pen += name;
  return pen += "\r\n";
}

/// Content-Length or Transfer-Encoding as the framing says.
[[gnu::always_inline]] inline BufferWriter put_framing(BufferWriter pen,
                                                       const net::Framing& framing) {
  if (framing.kind == net::Framing::Kind::length)
    return net::put_content_length(pen, framing.length);
  if (framing.kind == net::Framing::Kind::chunked) pen += "transfer-encoding: chunked\r\n";
  return pen;
}

}  // namespace teal::proxy
