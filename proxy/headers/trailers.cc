#include "proxy/headers/trailers.h"

#include <algorithm>
#include <array>

#include "net/http/field_names.h"
#include "proxy/headers/edits.h"

namespace teal::proxy {
namespace {

using net::HeaderId;

constexpr auto kForbidden = std::to_array<std::string_view>({
    "age",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-range",
    "content-type",
    "expires",
    "location",
    "max-forwards",
    "pragma",
    "range",
    "retry-after",
    "www-authenticate",
    "vary",
    "x-teal-shield",
});

constexpr std::string_view kCondition = "if-";

}  // namespace

void ConnectionOptions::note(const net::Fields& fields, std::string& options) {
  for (const net::Field& field : fields) {
    if (field.id != HeaderId::connection) continue;
    if (!options.empty()) options += ',';
    options += fields.value(field);
  }
}

bool is_forbidden_trailer(const net::Field& field, std::string_view name) {
  switch (field.id == HeaderId::other ? net::id_as_read(name) : field.id) {
    case HeaderId::other: break;
    case HeaderId::date:
    case HeaderId::idempotency_key:
    case HeaderId::referer:
    case HeaderId::server:
    case HeaderId::user_agent: return false;
    default: return true;
  }
  return is_identity_header(name) || net::reads_alike(name.substr(0, 3), kCondition) ||
         std::ranges::any_of(kForbidden, [&](auto known) { return net::reads_alike(name, known); });
}

void pick_trailers(const net::Fields& trailers, const ConnectionNames& connection,
                   const config::HeaderEdits* edits, net::Fields& picked) {
  picked.rebase(trailers.bytes());
  if (trailers.has_odd_names()) picked.note_odd_name();
  for (const net::Field& field : trailers) {
    const std::string_view name = trailers.name(field);
    const bool goes = is_forbidden_trailer(field, name) || connection.names(name) ||
                      (edits != nullptr && is_replaced(name, *edits));
    if (!goes) picked.push_back(field);
  }
}

}  // namespace teal::proxy
