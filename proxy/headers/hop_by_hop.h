// Which fields of a head end at this hop (RFC 9110, section 7.6.1), and which of the others
// Connection names. Both directions of the header rules share it. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "net/http/message.h"

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
class ConnectionNames {
 public:
  /// Further options make every removable field count as named: whoever names so many hides
  /// something, and comparing each field with each name would cost more than the head is worth.
  static constexpr std::size_t kMaxNamed = 32;

  /// `names`: the head's connection_names; without it there is nothing to look at.
  ConnectionNames(const net::Fields& fields, bool names) {
    if (names) read(fields);
  }
  /// Of what Connection said, as one list, which has to stay where it is.
  explicit ConnectionNames(std::string_view options) { read_connection(options); }

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
  bool has_too_many_ = false;
  bool names_te_ = false;
};

/// The header that hands a verified client certificate on (net/tls/identity.h), which comes from
/// Teal only; also as some applications read it (net/http/field_names.h).
bool is_identity_header(std::string_view name);

/// Known fields that always end here, and those that are written anew from the framing.
constexpr bool is_hop_by_hop(net::HeaderId id) {
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
enum class FieldAction : std::uint8_t { keep, drop, keep_if_trusted, keep_if_traced };

constexpr FieldAction request_field_action(net::HeaderId id) {
  using net::HeaderId;
  if (is_hop_by_hop(id)) return FieldAction::drop;
  switch (id) {
    case HeaderId::host:
    case HeaderId::expect:
    case HeaderId::proxy:  // CGI takes it for a setting of its own (CVE-2016-5385).
    case HeaderId::forwarded:
    case HeaderId::x_forwarded_for:
    case HeaderId::x_request_id: return FieldAction::drop;
    case HeaderId::traceparent:
    case HeaderId::tracestate: return FieldAction::keep_if_traced;
    case HeaderId::x_forwarded_host:
    case HeaderId::x_forwarded_port:
    case HeaderId::x_forwarded_proto:
    case HeaderId::x_real_ip: return FieldAction::keep_if_trusted;
    default: return FieldAction::keep;
  }
}

}  // namespace teal::proxy
