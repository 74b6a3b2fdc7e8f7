// HTTP/2 frames by hand: what a client (or an attacker) sends, byte by byte, and what comes back,
// read with nghttp2's HPACK decoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nghttp2/nghttp2.h>

namespace teal::h2 {

inline const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};
enum Flag : std::uint8_t { kEndStream = 1, kAck = 1, kEndHeaders = 4 };

inline std::string number(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xffU);
  return text;
}

inline std::string frame(std::uint8_t type, int flags, std::uint32_t stream,
                         std::string_view payload = {}) {
  std::string text = number(static_cast<std::uint32_t>(payload.size()), 3);
  text += static_cast<char>(type);
  text += static_cast<char>(flags);
  text += number(stream, 4);
  return text.append(payload);
}

inline std::string settings(const std::vector<std::pair<int, std::uint32_t>>& entries = {}) {
  std::string payload;
  for (const auto& [id, value] : entries)
    payload += number(static_cast<std::uint32_t>(id), 2) + number(value, 4);
  return frame(kSettings, 0, 0, payload);
}

/// A length of HPACK (RFC 7541, section 5.1) with a prefix of 7 bits.
inline std::string hpack_length(std::size_t size) {
  std::string text;
  if (size < 127) return text += static_cast<char>(size);
  text += static_cast<char>(127);
  for (size -= 127; size >= 128; size /= 128) text += static_cast<char>(size % 128 + 128);
  return text += static_cast<char>(size);
}

using Lines = std::vector<std::pair<std::string, std::string>>;

/// Literals, not indexed.
inline std::string hpack(const Lines& fields) {
  std::string text;
  for (const auto& [name, value] : fields)
    text += std::string(1, '\0') + hpack_length(name.size()) + name + hpack_length(value.size()) +
            value;
  return text;
}

inline std::string headers(std::uint32_t stream, const Lines& fields, bool ends = true) {
  return frame(kHeaders, kEndHeaders | (ends ? kEndStream : 0), stream, hpack(fields));
}

inline Lines get(const std::string& path = "/", Lines more = {}) {
  Lines fields{
      {":method", "GET"}, {":scheme", "http"}, {":path", path}, {":authority", "a.example"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}
inline Lines post(const std::string& path = "/", Lines more = {}) {
  Lines fields = get(path, std::move(more));
  fields[0].second = "POST";
  return fields;
}

/// RFC 8441.
inline Lines connect(Lines more = {}, const std::string& protocol = "websocket") {
  Lines fields{{":method", "CONNECT"},
               {":protocol", protocol},
               {":scheme", "http"},
               {":path", "/chat"},
               {":authority", "a.example"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

inline std::string reset(std::uint32_t stream, std::uint32_t error = 8) {
  return frame(kReset, 0, stream, number(error, 4));
}
inline std::string window_update(std::uint32_t stream, std::uint32_t by) {
  return frame(kWindowUpdate, 0, stream, number(by, 4));
}

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
  Lines fields;  ///< Of HEADERS.

  bool ends() const { return (type == kData || type == kHeaders) && (flags & kEndStream) != 0; }
  std::string field(std::string_view name) const {
    for (const auto& [n, value] : fields)
      if (n == name) return value;
    return {};
  }
  /// Of RST_STREAM and GOAWAY.
  std::uint32_t error() const {
    const std::size_t at = type == kGoAway ? 4 : 0;
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4 && i < payload.size(); ++i)
      value = value << 8U | static_cast<unsigned char>(payload[i]);
    return value;
  }
};

/// Cuts frames out of what a peer sends. CONTINUATION is not expected of it.
class FrameReader {
 public:
  FrameReader() { nghttp2_hd_inflate_new(&inflater_); }
  ~FrameReader() { nghttp2_hd_inflate_del(inflater_); }
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  void feed(std::string_view bytes) { bytes_ += bytes; }
  /// False: no whole frame is there.
  bool next(Frame& frame) {
    constexpr std::size_t kHead = 9;
    if (bytes_.size() - at_ < kHead) return false;
    const auto byte = [&](std::size_t i) {
      return std::uint32_t{static_cast<unsigned char>(bytes_[at_ + i])};
    };
    const std::size_t size = byte(0) << 16U | byte(1) << 8U | byte(2);
    if (bytes_.size() - at_ < kHead + size) return false;
    frame = {};
    frame.type = static_cast<std::uint8_t>(byte(3));
    frame.flags = static_cast<std::uint8_t>(byte(4));
    frame.stream = (byte(5) & 0x7fU) << 24U | byte(6) << 16U | byte(7) << 8U | byte(8);
    frame.payload = bytes_.substr(at_ + kHead, size);
    at_ += kHead + size;
    if (frame.type == kHeaders) inflate(frame);
    return true;
  }
  std::vector<Frame> all() {
    std::vector<Frame> frames;
    for (Frame frame; next(frame);) frames.push_back(frame);
    return frames;
  }

 private:
  void inflate(Frame& frame) {
    std::string block = frame.payload;
    auto* at = reinterpret_cast<std::uint8_t*>(block.data());
    std::size_t left = block.size();
    while (true) {
      nghttp2_nv field{};
      int flags = 0;
      const ssize_t taken = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, at, left, 1);
      if (taken < 0) return;
      at += taken;
      left -= static_cast<std::size_t>(taken);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
        frame.fields.emplace_back(
            std::string(reinterpret_cast<char*>(field.name), field.namelen),
            std::string(reinterpret_cast<char*>(field.value), field.valuelen));
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
  }

  nghttp2_hd_inflater* inflater_ = nullptr;
  std::string bytes_;
  std::size_t at_ = 0;
};

}  // namespace teal::h2
