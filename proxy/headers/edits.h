// Header edits that a configuration asks for: heads with fields taken out and put in, before the
// header rules (rewrite.h) write them. A head is edited in a copy of its bytes, so whatever codec
// writes it sees fields like any others.
//
// What Connection names goes first: a client must not be able to name a field away that is put in
// here. Pure.
#pragma once

#include <string_view>

#include "base/byte_buffer.h"
#include "config/route.h"
#include "net/http/message.h"

namespace teal::proxy {

/// `bytes`: what the head's fields refer to; the head is rebased on it and grows by what is added.
void edit_head(net::RequestHead& head, const config::HeaderEdits& edits, ByteBuffer& bytes);
void edit_head(net::ResponseHead& head, const config::HeaderEdits& edits, ByteBuffer& bytes);

/// What is set or removed takes the place of this field; also of one that some applications would
/// read as its name (net/http/field_names.h).
bool is_replaced(std::string_view name, const config::HeaderEdits& edits);

/// Appends a line to the bytes and to the fields.
void add_field(net::Fields& fields, ByteBuffer& bytes, std::string_view name,
               std::string_view value);

}  // namespace teal::proxy
