// Refusal: the rule of RFC 9110/9112 that a message broke, with the status it earns and the name it
// is counted and logged by. Teal is strict: a message that two readers could understand in two ways
// is refused, not repaired.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace teal::net {

enum class Refusal : std::uint8_t {
  none,
  // the start line
  start_line_malformed,
  method_malformed,
  target_malformed,
  version_unsupported,    // 505
  request_line_too_long,  // 414
  // the head as a whole
  head_too_large,   // 431
  too_many_fields,  // 431
  bare_cr,
  bare_lf,
  control_character,
  // field lines
  field_name_malformed,
  space_before_colon,
  leading_space,  // white space before the first field
  folded_line,    // obs-fold
  // who is asked
  host_missing,
  host_repeated,
  host_malformed,
  method_unsupported,      // 501: CONNECT and TRACE; an Upgrade that is not allowed is just ignored
  expectation_unknown,     // 417: an Expect that says anything but 100-continue, or says it twice
  max_forwards_malformed,  // of OPTIONS
  // framing
  content_length_malformed,
  content_length_repeated,
  length_and_transfer_encoding,
  transfer_encoding_unknown,  // 501 where the coding is unknown
  transfer_encoding_not_chunked,
  transfer_encoding_in_http10,
  chunk_size_malformed,
  chunk_line_too_long,
  chunk_data_malformed,
  trailers_too_large,  // 431
  trailer_forbidden,   // framing, routing or hop-by-hop field in the trailer section
  // HTTP/2 messages (RFC 9113, section 8)
  pseudo_field_malformed,   // unknown, repeated, missing, behind other fields or in trailers
  field_name_not_lower,     // upper case
  field_value_padded,       // white space at its ends
  connection_field,         // Connection and the like, which HTTP/2 has no use for
  te_not_trailers,          // a TE that says anything else
  content_length_mismatch,  // the body is longer or shorter
  protocol_without_stream,  // an extended CONNECT that ends with its head
  protocol_unsupported,     // 501: an extended CONNECT for what the service does not allow
  // paths that could be understood in two ways (net/http/path_rules.h)
  path_dot_segment,
  path_dots_hidden,  // dots that only a reader finds who decodes or cuts otherwise
  path_double_slash,
  path_slash_encoded,  // %2F or %5C
  path_backslash,
  path_control_encoded,  // %00
  path_escape_malformed,
  path_escape_needless,
  path_parameters,  // ";"
  // names that other readers take for others (net/http/field_names.h)
  field_name_underscored,
  // HTTP/2 connections, which end
  http2_protocol_error,  // frames or streams: RFC 9113, sections 4 to 6
  http2_head_bomb,       // a field section far over the limit, or in too many pieces
  http2_reset_flood,
  http2_frame_flood,
  // answers only
  status_malformed,
  upgrade_unrequested,  // 101 that nobody asked for
  interim_with_body,
  bytes_after_message,
  count_,
};

/// Nothing but an answer can break it.
constexpr bool is_of_answers(Refusal rule) {
  return rule >= Refusal::status_malformed && rule < Refusal::count_;
}

inline constexpr std::size_t kRefusals = static_cast<std::size_t>(Refusal::count_);

/// snake_case, as in metrics and logs: "content_length_repeated".
std::string_view to_string(Refusal refusal);
/// What a client gets: 400, 414, 431, 501 or 505.
std::uint16_t status_of(Refusal refusal);
/// One sentence for the response body: what was wrong.
std::string_view explain(Refusal refusal);

}  // namespace teal::net
