// HTTP messages as the proxy sees them, whatever protocol carried them: heads whose names and
// values are offsets into one block of bytes. A codec fills them, proxy/ reads and rewrites them.
//
// A head never owns its bytes. They are the codec's input until somebody copies the block and calls
// rebase(); offsets stay true, so nothing is parsed twice. Plain values, one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "net/http/authority.h"

namespace teal::net {

enum class Method : std::uint8_t {
  get,
  head,
  post,
  put,
  delete_,
  connect,
  options,
  trace,
  patch,
  other,
};

/// RFC 9110, section 9.2.2: a second time does no more than the first.
constexpr bool is_idempotent(Method method) {
  return method != Method::post && method != Method::patch && method != Method::connect &&
         method != Method::other;
}

/// A tunnel to wherever a client says, and a mirror of what proxies add to its requests (RFC 9110,
/// sections 9.3.6 and 9.3.8): not through a front door.
constexpr bool is_unsupported(Method method) {
  return method == Method::connect || method == Method::trace;
}

/// The field names that Teal looks at; all others are HeaderId::other and pass through.
enum class HeaderId : std::uint8_t {
  other,
  connection,
  content_length,
  cookie,
  date,
  expect,
  forwarded,
  host,
  idempotency_key,
  keep_alive,
  max_forwards,
  proxy,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  referer,
  server,
  set_cookie,
  te,
  traceparent,
  tracestate,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  via,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_port,
  x_forwarded_proto,
  x_real_ip,
  x_request_id,
};

/// The id of a field name, by length and letters, whatever their case.
HeaderId header_id(std::string_view name);

/// Case-insensitive comparison of ASCII.
bool iequals(std::string_view a, std::string_view b);

/// One field line. All offsets are into the head's bytes.
struct Field {
  HeaderId id = HeaderId::other;
  /// The line stands there as "name: value\r\n", so neighbours can be forwarded as one run.
  bool canonical = false;
  std::uint16_t name_size = 0;
  std::uint32_t name_at = 0;  ///< Also where the line starts.
  std::uint32_t value_at = 0;
  std::uint32_t value_size = 0;
  std::uint32_t line_end = 0;  ///< One past the line's CRLF.
};

/// The field lines of a head or a trailer section.
class Fields {
 public:
  /// Same offsets, another copy of the bytes.
  void rebase(const char* bytes) { bytes_ = bytes; }
  const char* bytes() const { return bytes_; }

  void clear() {
    size_ = 0;
    seen_ = 0;
  }
  void push_back(const Field& field) {
    draft() = field;
    keep_draft();
  }
  /// The next field, to be filled in where it will stand; keep_draft() then makes it count.
  Field& draft() {
    if (size_ == capacity_) [[unlikely]]
      grow();
    return list_[size_];
  }
  void keep_draft() { seen_ |= bit(list_[size_++].id); }
  /// Some name has a byte that is no letter, digit or hyphen (net/http/field_names.h).
  void note_odd_name() { seen_ |= kOddName; }
  bool has_odd_names() const { return (seen_ & kOddName) != 0; }
  /// Takes out the fields of which `goes` says so; the others keep their order.
  template <class Goes>
  void remove_if(Goes goes) {
    const std::uint32_t had = std::exchange(size_, 0);
    seen_ &= kOddName;
    for (std::uint32_t i = 0; i < had; ++i)
      if (!goes(list_[i])) push_back(Field(list_[i]));
  }
  /// Whether there is a field with this id: costs nothing, so ask before you look for one.
  bool has(HeaderId id) const { return (seen_ & bit(id)) != 0; }
  /// One of these, or an odd name: as cheap as one question.
  template <HeaderId... kIds>
  bool has_any_of_or_odd_name() const {
    return (seen_ & (kOddName | ... | bit(kIds))) != 0;
  }
  template <HeaderId... kIds>
  bool has_any_of() const {
    return (seen_ & (... | bit(kIds))) != 0;
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Field* begin() const { return list_.get(); }
  const Field* end() const { return list_.get() + size_; }

  std::string_view name(const Field& f) const { return {bytes_ + f.name_at, f.name_size}; }
  std::string_view value(const Field& f) const { return {bytes_ + f.value_at, f.value_size}; }
  std::string_view line(const Field& f) const {
    return {bytes_ + f.name_at, f.line_end - f.name_at};
  }
  /// The first field with this id, or null.
  const Field* find(HeaderId id) const;
  /// The first field with this name, whatever its case, or null.
  const Field* find(std::string_view name) const;
  /// The value of the first field with this id, or empty.
  std::string_view get(HeaderId id) const;

 private:
  static constexpr std::uint32_t kUsual = 16;  ///< Fields of a head, hardly ever more.
  void grow();
  static constexpr std::uint64_t bit(HeaderId id) {
    static_assert(static_cast<unsigned>(HeaderId::x_request_id) < 63);
    return std::uint64_t{1} << static_cast<unsigned>(id);
  }

  static constexpr std::uint64_t kOddName = std::uint64_t{1} << 63U;

  const char* bytes_ = nullptr;
  std::uint64_t seen_ = 0;  ///< Which ids there are, by bit; the last one: an odd name.
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
  std::unique_ptr<Field[]> list_;
};

/// How the end of a body is known (RFC 9112, section 6.3).
struct Framing {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };

  Kind kind = Kind::none;
  std::uint64_t length = 0;  ///< Kind::length only.
  bool operator==(const Framing&) const = default;
};

/// The minor_version of a head that came by HTTP/2; those of HTTP/1 have their own.
inline constexpr std::uint8_t kHttp2 = 20;

/// "HTTP/1.1", as logs write it.
constexpr std::string_view protocol_name(std::uint8_t minor_version) {
  if (minor_version == 1) return "HTTP/1.1";
  return minor_version == 0 ? "HTTP/1.0" : "HTTP/2.0";
}

/// A part of the head's bytes.
struct Slice {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
};

/// What a request head says besides its fields.
struct RequestLine {
  Method method = Method::get;
  std::uint8_t minor_version = 1;  ///< Of HTTP/1, or kHttp2.
  bool keep_alive = true;
  bool expects_continue = false;
  /// Connection may have options beyond keep-alive and close. A codec that knows says no.
  bool connection_names = true;
  Framing framing;
  std::uint32_t size = 0;  ///< Bytes of the whole head.
  /// What an extended CONNECT asks for (RFC 8441), which is a GET otherwise; empty: it is none.
  /// Its stream stays open behind the head, whatever the framing says. HTTP/1 has Upgrade instead.
  Slice protocol;
  Slice method_text;
  /// Origin form ("/a?b"), or "*". An absolute-form target is cut down to it.
  Slice target;
  /// Host with optional port: of the absolute-form target if there is one, else of Host.
  Slice authority;
  AuthorityForm authority_form = AuthorityForm::other;

  bool is_extended_connect() const { return protocol.size != 0; }
};

struct RequestHead : RequestLine {
  Fields fields;

  /// Becomes what `from` is, which keeps this one's room for fields and is of no other use.
  void take(RequestHead& from) {
    static_cast<RequestLine&>(*this) = static_cast<const RequestLine&>(from);
    std::swap(fields, from.fields);
  }
  std::string_view text(Slice slice) const { return {fields.bytes() + slice.at, slice.size}; }
  /// The target without its query.
  std::string_view path() const {
    const std::string_view whole = text(target);
    return whole.substr(0, whole.find('?'));
  }
};

struct ResponseHead {
  std::uint16_t status = 0;
  std::uint8_t minor_version = 1;
  bool keep_alive = true;
  bool connection_names = true;  ///< As of a request.
  Framing framing;
  std::uint32_t size = 0;
  Slice reason;
  Fields fields;

  std::string_view text(Slice slice) const { return {fields.bytes() + slice.at, slice.size}; }
  /// Another response follows. After 101 it is another protocol that does.
  bool is_interim() const { return status < 200 && status != 101; }
};

}  // namespace teal::net
