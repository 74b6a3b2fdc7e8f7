// Trailer sections: which fields of one may go on, behind a body that has gone already. What may
// not stand there at all (RFC 9110, section 6.5.1), what Connection named, and what the
// configuration edits in the head, would go round all of that here.
//
// Pure. Whether a request's trailers go on at all is said by RouteEdits (exchange/route_edits.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "config/route.h"
#include "net/http/message.h"
#include "proxy/headers/hop_by_hop.h"

namespace teal::proxy {

/// RFC 9110, section 6.5.1: framing, routing, request modifiers, authentication and content format
/// may not stand in a trailer section, nor may what this proxy vouches for; by whatever name some
/// applications read it (net/http/field_names.h).
bool is_forbidden_trailer(const net::Field& field, std::string_view name);

/// What Connection said of fields in the heads of one request and its response: that goes for their
/// trailers, too, and a head that has been edited says nothing of it any more.
class ConnectionOptions {
 public:
  /// Of the next request.
  void begin() { noted_.reset(); }
  // Before a head is edited.
  void note_request(const net::RequestHead& head) {
    if (head.connection_names) note(head.fields, noted().of_request);
  }
  void note_response(const net::ResponseHead& head) {
    if (head.connection_names) [[unlikely]]
      note(head.fields, noted().of_response);
  }

  /// `head`: which tells by itself where it was not noted.
  ConnectionNames of_request(const net::RequestHead& head) const {
    return noted_ && !noted_->of_request.empty()
               ? ConnectionNames(noted_->of_request)
               : ConnectionNames(head.fields, head.connection_names);
  }
  ConnectionNames of_response() const {
    return ConnectionNames(noted_ ? std::string_view(noted_->of_response) : std::string_view());
  }

 private:
  struct Noted {
    std::string of_request, of_response;
  };
  Noted& noted() {
    if (!noted_) noted_ = std::make_unique<Noted>();
    return *noted_;
  }
  static void note(const net::Fields& fields, std::string& options);

  std::unique_ptr<Noted> noted_;  ///< Null: it said nothing of fields.
};

/// What may go on: `picked` has the same bytes. `edits` of the head, or null.
void pick_trailers(const net::Fields& trailers, const ConnectionNames& connection,
                   const config::HeaderEdits* edits, net::Fields& picked);

}  // namespace teal::proxy
