// Hop: the name by which this process knows itself in the Via of a request, so that it notices one
// that comes by again (RFC 9110, section 7.6.3). A pseudonym drawn at the start: two Teals in a row
// have two, whatever their configurations say, and nobody can guess it. Targets see it, clients
// do not: responses are signed "teal".
//
// Pure. A value made at the start; the line that nearly every request gets is written out there.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/buffer_writer.h"
#include "net/http/message.h"
#include "proxy/headers/head_sink.h"
#include "proxy/headers/hop_by_hop.h"

namespace teal::proxy {

/// So often a request may have been here already: a second hop that is meant needs one. Who has
/// been here oftener goes round in a loop.
inline constexpr std::size_t kMaxPasses = 3;

class Hop {
 public:
  /// Requires: `id` was drawn at random.
  explicit constexpr Hop(std::uint32_t id) {
    constexpr std::string_view kPattern = "via: 1.1 teal-00000000\r\n";
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (std::size_t i = 0; i < line_.size(); ++i) line_[i] = kPattern[i];
    for (std::size_t i = 0; i < 8; ++i) line_[kIdAt + i] = kDigits[id >> (28 - 4 * i) & 15U];
  }

  /// "teal-1a2b3c4d".
  std::string_view name() const { return {line_.data() + kNameAt, kNameSize}; }

  /// Continues the request's Via, or begins it.
  template <class Sink>
  [[gnu::always_inline]] Sink put(Sink sink, const net::Fields& fields,
                                  std::uint8_t minor_version) const {
    if (minor_version != 1 || fields.has(net::HeaderId::via)) [[unlikely]]
      return put_via(sink, fields, minor_version, name());
    if constexpr (Sink::kIsHttp2) {
      sink.put("via", {line_.data() + kValueAt, kNameAt + kNameSize - kValueAt});
      return sink;
    } else {
      BufferWriter writer = sink.writer();
      std::memcpy(writer.at(), line_.data(), line_.size());
      return Sink(BufferWriter(writer.at() + line_.size()));
    }
  }

  /// How often the request has been here, as its Via says.
  std::size_t passes(const net::Fields& fields) const;

 private:
  static constexpr std::size_t kValueAt = 5;
  static constexpr std::size_t kNameAt = 9;
  static constexpr std::size_t kNameSize = 13;
  static constexpr std::size_t kIdAt = kNameAt + 5;

  std::array<char, kNameAt + kNameSize + 2> line_{};
};

}  // namespace teal::proxy
