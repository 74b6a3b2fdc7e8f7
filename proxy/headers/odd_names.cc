#include "proxy/headers/odd_names.h"

#include <algorithm>
#include <array>

#include "net/http/field_names.h"
#include "proxy/headers/hop_by_hop.h"

namespace teal::proxy {
namespace {

/// Names without an id that Teal answers or writes itself: those of WebSocket's handshake.
constexpr auto kOwn = std::to_array<std::string_view>({
    "http2-settings",
    "sec-websocket-accept",
    "sec-websocket-key",
    "sec-websocket-version",
});

bool has_underscore(std::string_view name) {
  return name.find('_') != name.npos;
}

}  // namespace

bool reads_like_own(std::string_view name) {
  const net::HeaderId id = net::id_as_read(name);
  // The number that is counted down here, and no other, is to go on.
  if (id == net::HeaderId::max_forwards) return true;
  if (id != net::HeaderId::other) return request_field_action(id) != FieldAction::keep;
  return is_identity_header(name) ||
         std::ranges::any_of(kOwn, [&](auto own) { return net::reads_alike(name, own); });
}

OddNames take_out_odd_names(net::Fields& fields, config::Underscores underscores) {
  OddNames odd;
  if (underscores == config::Underscores::refuse)
    odd.is_refused = std::any_of(fields.begin(), fields.end(), [&](const net::Field& field) {
      return has_underscore(fields.name(field));
    });
  if (odd.is_refused) return odd;
  fields.remove_if([&](const net::Field& field) {
    const std::string_view name = fields.name(field);
    if (field.id != net::HeaderId::other || !net::is_odd_name(name)) return false;
    const bool is_twin = reads_like_own(name);
    const bool is_dropped =
        !is_twin && underscores == config::Underscores::drop && has_underscore(name);
    odd.twins += is_twin ? 1 : 0;
    odd.underscored += is_dropped ? 1 : 0;
    return is_twin || is_dropped;
  });
  return odd;
}

}  // namespace teal::proxy
