// Frames: how messages travel. A frame is a header and a part of one message, 64 KiB together at
// most, so that it fits a packet of a Unix socket (SOCK_SEQPACKET) as well as a stream (TLS); a
// longer message takes several, one after the other.
//
//   0 'T'   1 version   2 kind   3 flags (1: more of the message follows)
//   4..7    bytes behind the header
//   8..15   term: of the leader who sends, or whom the sender obeys
//   16..23  number of the message, from 1, without gaps
//
// Numbers have the lowest byte first. A peer that sends anything else is told nothing more: the
// first fault ends the Assembler, and its connection with it.
//
// Pure, any thread; owns what it has of a message. Does not know what is in one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace teal::control::follow {

inline constexpr std::uint8_t kOldestVersion = 1, kNewestVersion = 1;
inline constexpr std::size_t kHeader = 24;
inline constexpr std::size_t kMaxFrame = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxMessage = std::size_t{4} * 1024 * 1024;

/// What a Hello offers and this build speaks, the newest; nothing: they have none in common.
std::optional<std::uint8_t> common_version(std::uint8_t oldest, std::uint8_t newest);

/// A message as bytes.
struct Envelope {
  std::uint8_t version = kNewestVersion;
  std::uint8_t kind = 0;
  std::uint64_t term = 0;
  std::uint64_t number = 1;
  std::string payload;
  bool operator==(const Envelope&) const = default;
};

/// The frames of a message. Requires: its payload is not larger than kMaxMessage.
std::vector<std::string> to_frames(const Envelope& message);

class Assembler {
 public:
  /// Bytes of a stream, however they come. Adds the messages that are whole by now, in their order;
  /// an Error: what follows them breaks a rule, or something did so earlier.
  Result<void> take(std::string_view bytes, std::vector<Envelope>& whole);
  /// The same of a packet, which is one frame and nothing else.
  Result<std::optional<Envelope>> take_packet(std::string_view packet);

  /// Bytes that wait for more: kMaxMessage and a frame at most.
  std::size_t held() const { return buffer_.size() + message_.payload.size(); }

 private:
  struct Header {
    std::uint8_t version = 0, kind = 0;
    bool more = false;
    std::size_t size = 0;
    std::uint64_t term = 0, number = 0;
  };
  static Header read(std::string_view frame);
  const char* fault_of(const Header& header, std::string_view frame) const;
  /// Requires: a whole frame without a fault.
  std::optional<Envelope> add(const Header& header, std::string_view part);
  Error refuse(const char* why);

  std::string buffer_;  ///< Less than a frame.
  Envelope message_{};  ///< As far as it has come.
  bool is_begun_ = false;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_term_ = 0;
  const char* fault_ = nullptr;
};

}  // namespace teal::control::follow
