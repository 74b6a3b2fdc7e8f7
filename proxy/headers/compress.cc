#include "proxy/headers/compress.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "proxy/headers/edits.h"
#include "proxy/headers/hop_by_hop.h"

namespace teal::proxy {
namespace {

constexpr std::string_view kAcceptEncoding = "accept-encoding";
constexpr std::string_view kEtag = "etag";

/// RFC 9110, section 12.4.2, in thousandths; -1: malformed.
int weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::size_t end = std::min(parameters.find(';'), parameters.size());
    const std::string_view parameter = trim(parameters.substr(0, end));
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (parameter.size() < 3 || (parameter[0] | 0x20) != 'q' || parameter[1] != '=') continue;
    const std::string_view value = parameter.substr(2);
    if (value[0] != '0' && value[0] != '1') return -1;
    int weight = (value[0] - '0') * 1000;
    if (value.size() > 1 && value[1] != '.') return -1;
    int digit_worth = 100;
    for (const char c : value.substr(std::min<std::size_t>(2, value.size()))) {
      if (!is_digit(c) || digit_worth == 0) return -1;
      weight += (c - '0') * digit_worth;
      digit_worth /= 10;
    }
    return weight <= 1000 ? weight : -1;
  }
  return 1000;
}

/// How much the client likes each; below 0: it did not say.
struct Likings {
  int gzip = -1;
  int brotli = -1;
  int identity = -1;
  int others = -1;

  void read(std::string_view list) {
    while (!list.empty()) {
      const std::string_view element = next_element(list);
      const std::size_t end = std::min(element.find(';'), element.size());
      const std::string_view name = trim(element.substr(0, end));
      const int weight = weight_of(element.substr(std::min(end + 1, element.size())));
      if (weight < 0) continue;
      if (net::iequals(name, "gzip") || net::iequals(name, "x-gzip")) gzip = weight;
      if (net::iequals(name, "br")) brotli = weight;
      if (net::iequals(name, "identity")) identity = weight;
      if (name == "*") others = weight;
    }
  }
  int of(int named) const { return named >= 0 ? named : std::max(others, 0); }
};

bool is_in_list(const net::Fields& fields, std::string_view field_name, std::string_view word) {
  return std::any_of(fields.begin(), fields.end(), [&](const net::Field& field) {
    return net::iequals(fields.name(field), field_name) &&
           any_element(fields.value(field),
                       [word](std::string_view each) { return net::iequals(each, word); });
  });
}

bool has_listed_type(const net::Fields& fields, const std::vector<std::string>& types) {
  const net::Field* const field = fields.find(std::string_view("content-type"));
  if (field == nullptr) return false;
  const std::string_view value = fields.value(*field);
  const std::string_view type = trim(value.substr(0, value.find(';')));
  return std::any_of(types.begin(), types.end(),
                     [type](const std::string& each) { return net::iequals(type, each); });
}

/// How long the body is, or would be for GET; nothing: it is not told.
std::optional<std::uint64_t> length_of(const net::RequestHead& request,
                                       const net::ResponseHead& response) {
  const net::Framing& framing = response.framing;
  if (framing.kind == net::Framing::Kind::length) return framing.length;
  if (request.method != net::Method::head) return std::nullopt;
  const std::string_view told = response.fields.get(net::HeaderId::content_length);
  std::uint64_t length = 0;
  const auto [end, failed] = std::from_chars(told.data(), told.data() + told.size(), length);
  if (told.empty() || failed != std::errc{}) return std::nullopt;
  return length;
}

/// Takes out what is true of the uncompressed bytes only; the ETag in its weak form, if it was not.
std::string take_strong_tag(net::Fields& fields) {
  std::string weak_tag;
  std::vector<net::Field> kept;
  for (const net::Field& field : fields) {
    const std::string_view name = fields.name(field);
    if (field.id == net::HeaderId::content_length || net::iequals(name, "accept-ranges")) continue;
    if (net::iequals(name, kEtag) && !fields.value(field).starts_with("W/")) {
      weak_tag = "W/";
      weak_tag += fields.value(field);
      continue;
    }
    kept.push_back(field);
  }
  fields.clear();
  for (const net::Field& field : kept) fields.push_back(field);
  return weak_tag;
}

bool says_vary(const net::Fields& fields) {
  return is_in_list(fields, "vary", kAcceptEncoding) || is_in_list(fields, "vary", "*");
}

void bind_bytes(net::ResponseHead& head, ByteBuffer& bytes) {
  head.fields.rebase(bytes.data());
  head.size = static_cast<std::uint32_t>(bytes.size());
}

/// What is about these very bytes would not be true of others.
bool is_about_its_bytes(const net::Fields& fields) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"content-encoding", "content-range", "content-md5", "content-digest", "digest"});
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view name) { return fields.find(name) != nullptr; });
}

}  // namespace

std::string_view to_string(Coding coding) {
  return coding == Coding::gzip ? "gzip" : "br";
}

std::optional<Coding> choose_coding(const net::Fields& request,
                                    const config::Compression& offered) {
  Likings likings;
  for (const net::Field& field : request)
    if (net::iequals(request.name(field), kAcceptEncoding)) likings.read(request.value(field));
  const int gzip = offered.gzip ? likings.of(likings.gzip) : 0;
  const int brotli = offered.brotli ? likings.of(likings.brotli) : 0;
  const int best = std::max(gzip, brotli);
  if (best == 0 || likings.identity > best) return std::nullopt;
  return brotli == best ? Coding::brotli : Coding::gzip;
}

bool is_compressible(const net::RequestHead& request, const net::ResponseHead& response,
                     const config::Compression& rules) {
  const std::uint16_t status = response.status;
  if (status < 200 || status == 204 || status == 205 || status == 206 || status == 304)
    return false;
  const bool has_body = response.framing.kind != net::Framing::Kind::none;
  if (!has_body && request.method != net::Method::head) return false;
  const std::optional<std::uint64_t> length = length_of(request, response);
  if (length && *length < std::max(rules.min_bytes, 1U)) return false;
  const net::Fields& fields = response.fields;
  return has_listed_type(fields, rules.types) && !is_about_its_bytes(fields) &&
         !is_in_list(fields, "cache-control", "no-transform") &&
         !is_in_list(request.fields, "cache-control", "no-transform");
}

void mark_compressed(net::ResponseHead& head, std::optional<Coding> coding, ByteBuffer& bytes) {
  net::Fields& fields = head.fields;
  const bool says_so = says_vary(fields);  // Before `bytes` grows, which moves what they refer to.
  if (coding) {
    const std::string weak_tag = take_strong_tag(fields);
    add_field(fields, bytes, "content-encoding", to_string(*coding));
    if (!weak_tag.empty()) add_field(fields, bytes, kEtag, weak_tag);
  }
  if (!says_so) add_field(fields, bytes, "vary", "Accept-Encoding");
  bind_bytes(head, bytes);
}

bool is_of_compressed(const net::RequestHead& request, const net::ResponseHead& response) {
  const net::Field* const tag = response.fields.find(kEtag);
  if (response.status != 304 || tag == nullptr) return false;
  const std::string_view strong = response.fields.value(*tag);
  if (!strong.starts_with('"')) return false;
  std::string weak = "W/";
  weak += strong;
  // No tag has a quotation mark in it, so what is found is one.
  return std::any_of(request.fields.begin(), request.fields.end(), [&](const net::Field& field) {
    return net::iequals(request.fields.name(field), "if-none-match") &&
           request.fields.value(field).find(weak) != std::string_view::npos;
  });
}

void mark_not_modified(net::ResponseHead& head, ByteBuffer& bytes) {
  const bool says_so = says_vary(head.fields);
  const std::string weak_tag = take_strong_tag(head.fields);
  add_field(head.fields, bytes, kEtag, weak_tag);
  if (!says_so) add_field(head.fields, bytes, "vary", "Accept-Encoding");
  bind_bytes(head, bytes);
}

}  // namespace teal::proxy
