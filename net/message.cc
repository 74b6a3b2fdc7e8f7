#include "net/message.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "net/literal.h"

namespace teal::net {
namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

HeaderId long_header_id(const char* name, std::size_t size) {
  switch (size) {
    case 15:
      if (matches<"x-forwarded-for">(name)) return HeaderId::x_forwarded_for;
      if (matches<"idempotency-key">(name)) return HeaderId::idempotency_key;
      break;
    case 16:
      if (matches<"x-forwarded-host">(name)) return HeaderId::x_forwarded_host;
      if (matches<"x-forwarded-port">(name)) return HeaderId::x_forwarded_port;
      if (matches<"proxy-connection">(name)) return HeaderId::proxy_connection;
      break;
    case 17:
      if (matches<"transfer-encoding">(name)) return HeaderId::transfer_encoding;
      if (matches<"x-forwarded-proto">(name)) return HeaderId::x_forwarded_proto;
      break;
    case 18:
      if (matches<"proxy-authenticate">(name)) return HeaderId::proxy_authenticate;
      break;
    case 19:
      if (matches<"proxy-authorization">(name)) return HeaderId::proxy_authorization;
      break;
    default: break;
  }
  return HeaderId::other;
}

}  // namespace

HeaderId header_id(std::string_view view) {
  const char* name = view.data();
  switch (view.size()) {
    case 2:
      if (matches<"te">(name)) return HeaderId::te;
      break;
    case 3:
      if (matches<"via">(name)) return HeaderId::via;
      break;
    case 4:
      if (matches<"host">(name)) return HeaderId::host;
      if (matches<"date">(name)) return HeaderId::date;
      break;
    case 6:
      if (matches<"cookie">(name)) return HeaderId::cookie;
      if (matches<"server">(name)) return HeaderId::server;
      if (matches<"expect">(name)) return HeaderId::expect;
      break;
    case 7:
      if (matches<"referer">(name)) return HeaderId::referer;
      if (matches<"upgrade">(name)) return HeaderId::upgrade;
      if (matches<"trailer">(name)) return HeaderId::trailer;
      break;
    case 9:
      if (matches<"x-real-ip">(name)) return HeaderId::x_real_ip;
      if (matches<"forwarded">(name)) return HeaderId::forwarded;
      break;
    case 10:
      if (matches<"connection">(name)) return HeaderId::connection;
      if (matches<"user-agent">(name)) return HeaderId::user_agent;
      if (matches<"set-cookie">(name)) return HeaderId::set_cookie;
      if (matches<"keep-alive">(name)) return HeaderId::keep_alive;
      if (matches<"tracestate">(name)) return HeaderId::tracestate;
      break;
    case 11:
      if (matches<"traceparent">(name)) return HeaderId::traceparent;
      break;
    case 12:
      if (matches<"x-request-id">(name)) return HeaderId::x_request_id;
      break;
    case 14:
      if (matches<"content-length">(name)) return HeaderId::content_length;
      break;
    default: return long_header_id(name, view.size());
  }
  return HeaderId::other;
}

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

void Fields::grow() {
  const std::uint32_t capacity = capacity_ == 0 ? kUsual : capacity_ * 2;
  auto list = std::make_unique<Field[]>(capacity);
  std::copy_n(list_.get(), size_, list.get());
  list_ = std::move(list);
  capacity_ = capacity;
}

const Field* Fields::find(HeaderId id) const {
  if (!has(id)) return nullptr;
  for (const Field& field : *this)
    if (field.id == id) return &field;
  return nullptr;
}

const Field* Fields::find(std::string_view wanted) const {
  for (const Field& field : *this)
    if (iequals(name(field), wanted)) return &field;
  return nullptr;
}

std::string_view Fields::get(HeaderId id) const {
  const Field* field = find(id);
  return field == nullptr ? std::string_view{} : value(*field);
}

}  // namespace teal::net
