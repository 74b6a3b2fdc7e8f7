#include "net/http/refusal.h"

#include <array>

#include "base/assert.h"

namespace teal::net {
namespace {

struct Rule {
  Refusal refusal;
  std::string_view name;
  std::uint16_t status;
  std::string_view sentence;
};

constexpr std::array<Rule, kRefusals> kRules{{
    {Refusal::none, "none", 400, "The message broke no rule."},
    {Refusal::start_line_malformed, "start_line_malformed", 400,
     "The first line is not that of an HTTP/1 message."},
    {Refusal::method_malformed, "method_malformed", 400, "The method is not a token."},
    {Refusal::target_malformed, "target_malformed", 400,
     "The request target is not a path, an absolute http(s) URI or, for OPTIONS, an asterisk."},
    {Refusal::version_unsupported, "version_unsupported", 505,
     "Only HTTP/1.0 and HTTP/1.1 are spoken here."},
    {Refusal::request_line_too_long, "request_line_too_long", 414,
     "The request line is longer than the limit."},
    {Refusal::head_too_large, "head_too_large", 431, "The head is larger than the limit."},
    {Refusal::too_many_fields, "too_many_fields", 431,
     "There are more header fields than the limit."},
    {Refusal::bare_cr, "bare_cr", 400, "A carriage return stands without its line feed."},
    {Refusal::bare_lf, "bare_lf", 400, "A line feed stands without its carriage return."},
    {Refusal::control_character, "control_character", 400,
     "A control character stands in the head or in a chunk line."},
    {Refusal::field_name_malformed, "field_name_malformed", 400,
     "A header field name is not a token followed by a colon."},
    {Refusal::space_before_colon, "space_before_colon", 400,
     "White space stands between a header field name and its colon."},
    {Refusal::leading_space, "leading_space", 400,
     "White space stands before the first header field."},
    {Refusal::folded_line, "folded_line", 400, "A header field is folded over several lines."},
    {Refusal::host_missing, "host_missing", 400, "There is no Host field."},
    {Refusal::host_repeated, "host_repeated", 400, "There is more than one Host field."},
    {Refusal::host_malformed, "host_malformed", 400,
     "The host is empty, is not host[:port], or differs between target and Host field."},
    {Refusal::method_unsupported, "method_unsupported", 501,
     "CONNECT and TRACE are not supported."},
    {Refusal::expectation_unknown, "expectation_unknown", 417,
     "The only expectation that can be met is 100-continue, given once."},
    {Refusal::max_forwards_malformed, "max_forwards_malformed", 400,
     "Max-Forwards is not one decimal number."},
    {Refusal::content_length_malformed, "content_length_malformed", 400,
     "Content-Length is not a decimal number that can be held."},
    {Refusal::content_length_repeated, "content_length_repeated", 400,
     "Content-Length is given more than once."},
    {Refusal::length_and_transfer_encoding, "length_and_transfer_encoding", 400,
     "Content-Length and Transfer-Encoding exclude each other."},
    {Refusal::transfer_encoding_unknown, "transfer_encoding_unknown", 501,
     "The only transfer coding supported is chunked."},
    {Refusal::transfer_encoding_not_chunked, "transfer_encoding_not_chunked", 400,
     "Transfer-Encoding must end in chunked, and name it once."},
    {Refusal::transfer_encoding_in_http10, "transfer_encoding_in_http10", 400,
     "HTTP/1.0 knows no Transfer-Encoding."},
    {Refusal::chunk_size_malformed, "chunk_size_malformed", 400,
     "A chunk size is not a hexadecimal number that can be held."},
    {Refusal::chunk_line_too_long, "chunk_line_too_long", 400,
     "Chunk extensions are longer than the limit."},
    {Refusal::chunk_data_malformed, "chunk_data_malformed", 400,
     "The data of a chunk is not followed by CRLF."},
    {Refusal::trailers_too_large, "trailers_too_large", 431,
     "The trailer section is larger than the limit."},
    {Refusal::trailer_forbidden, "trailer_forbidden", 400,
     "The trailer section holds a field that belongs in the head."},
    {Refusal::pseudo_field_malformed, "pseudo_field_malformed", 400,
     "A pseudo-header field is unknown, missing, repeated, malformed or not at the beginning."},
    {Refusal::field_name_not_lower, "field_name_not_lower", 400,
     "A header field name is not in lower case."},
    {Refusal::field_value_padded, "field_value_padded", 400,
     "A header field value begins or ends with white space."},
    {Refusal::connection_field, "connection_field", 400,
     "A field of the connection stands in an HTTP/2 message."},
    {Refusal::te_not_trailers, "te_not_trailers", 400, "TE asks for more than trailers."},
    {Refusal::content_length_mismatch, "content_length_mismatch", 400,
     "The body is not as long as Content-Length says."},
    {Refusal::protocol_without_stream, "protocol_without_stream", 400,
     "A CONNECT for another protocol ends with its head, so that there is nothing to speak it on."},
    {Refusal::protocol_unsupported, "protocol_unsupported", 501,
     "The protocol that CONNECT asks for is not spoken here."},
    {Refusal::path_dot_segment, "path_dot_segment", 400, "The path has a segment of dots."},
    {Refusal::path_dots_hidden, "path_dots_hidden", 400,
     "The path hides a segment of dots behind encoded slashes, backslashes or parameters."},
    {Refusal::path_double_slash, "path_double_slash", 400, "The path has an empty segment."},
    {Refusal::path_slash_encoded, "path_slash_encoded", 400,
     "The path has an encoded slash or backslash."},
    {Refusal::path_backslash, "path_backslash", 400, "The path has a backslash."},
    {Refusal::path_control_encoded, "path_control_encoded", 400,
     "The path has an encoded control character."},
    {Refusal::path_escape_malformed, "path_escape_malformed", 400,
     "The path has a percent sign without two hexadecimal digits."},
    {Refusal::path_escape_needless, "path_escape_needless", 400,
     "The path encodes a character that needs no encoding."},
    {Refusal::path_parameters, "path_parameters", 400, "The path has parameters in it."},
    {Refusal::field_name_underscored, "field_name_underscored", 400,
     "A field name has an underscore in it."},
    {Refusal::http2_protocol_error, "http2_protocol_error", 400,
     "The frames or streams of an HTTP/2 connection broke its rules."},
    {Refusal::http2_head_bomb, "http2_head_bomb", 431,
     "An HTTP/2 field section is far larger than the limit."},
    {Refusal::http2_reset_flood, "http2_reset_flood", 400,
     "More HTTP/2 streams were reset than the limit."},
    {Refusal::http2_frame_flood, "http2_frame_flood", 400,
     "More HTTP/2 frames came that carry no request than the limit."},
    {Refusal::status_malformed, "status_malformed", 400,
     "The status is not a number from 100 to 599."},
    {Refusal::upgrade_unrequested, "upgrade_unrequested", 400,
     "The protocol was switched without being asked to."},
    {Refusal::interim_with_body, "interim_with_body", 400,
     "An interim response announces a body, which it cannot have."},
    {Refusal::bytes_after_message, "bytes_after_message", 400,
     "There are bytes behind the end of the message."},
}};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kRules.size(); ++i)
    if (kRules[i].refusal != static_cast<Refusal>(i) || kRules[i].name.empty()) return false;
  return true;
}
static_assert(is_in_order(), "one row per Refusal, in the order of the enumeration");

const Rule& rule(Refusal refusal) {
  TEAL_ASSERT(refusal < Refusal::count_);
  return kRules[static_cast<std::size_t>(refusal)];
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  return rule(refusal).name;
}

std::uint16_t status_of(Refusal refusal) {
  return rule(refusal).status;
}

std::string_view explain(Refusal refusal) {
  return rule(refusal).sentence;
}

}  // namespace teal::net
