#include "proxy/headers/edits.h"

#include <algorithm>
#include <vector>

#include "net/http/field_names.h"
#include "proxy/headers/hop_by_hop.h"

namespace teal::proxy {
namespace {

template <class Head>
void edit(Head& head, const config::HeaderEdits& edits, ByteBuffer& bytes) {
  net::Fields& fields = head.fields;
  const ConnectionNames connection{fields, head.connection_names};
  std::vector<net::Field> kept;
  kept.reserve(fields.size());
  for (const net::Field& field : fields) {
    const std::string_view name = fields.name(field);
    if (field.id == net::HeaderId::connection || is_replaced(name, edits)) continue;
    if (field.id == net::HeaderId::other && connection.names(name)) continue;
    kept.push_back(field);
  }
  const bool names_te = connection.names_te();
  fields.clear();
  for (const net::Field& field : kept) fields.push_back(field);
  if (names_te) add_field(fields, bytes, "connection", "te");
  head.connection_names = names_te;
  for (const config::NamedValue& each : edits.set) add_field(fields, bytes, each.name, each.value);
  for (const config::NamedValue& each : edits.add) add_field(fields, bytes, each.name, each.value);
  fields.rebase(bytes.data());
  head.size = static_cast<std::uint32_t>(bytes.size());
}

}  // namespace

bool is_replaced(std::string_view name, const config::HeaderEdits& edits) {
  const bool is_odd = net::is_odd_name(name);
  const auto is_name = [&](std::string_view other) {
    return is_odd ? net::reads_alike(name, other) : net::iequals(name, other);
  };
  return std::any_of(edits.remove.begin(), edits.remove.end(), is_name) ||
         std::any_of(edits.set.begin(), edits.set.end(),
                     [&](const config::NamedValue& each) { return is_name(each.name); });
}

void add_field(net::Fields& fields, ByteBuffer& bytes, std::string_view name,
               std::string_view value) {
  net::Field field;
  field.id = net::header_id(name);
  field.canonical = true;
  field.name_size = static_cast<std::uint16_t>(name.size());
  field.name_at = static_cast<std::uint32_t>(bytes.size());
  bytes += name;
  bytes += ": ";
  field.value_at = static_cast<std::uint32_t>(bytes.size());
  field.value_size = static_cast<std::uint32_t>(value.size());
  bytes += value;
  bytes += "\r\n";
  field.line_end = static_cast<std::uint32_t>(bytes.size());
  fields.push_back(field);
}

void edit_head(net::RequestHead& head, const config::HeaderEdits& edits, ByteBuffer& bytes) {
  edit(head, edits, bytes);
}

void edit_head(net::ResponseHead& head, const config::HeaderEdits& edits, ByteBuffer& bytes) {
  edit(head, edits, bytes);
}

}  // namespace teal::proxy
