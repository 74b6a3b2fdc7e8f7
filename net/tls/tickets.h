// TicketKeys: the keys that session tickets are sealed with (RFC 5077 section 4). New tickets get
// the newest one; those sealed with the two before it are still taken, and renewed. All workers
// share one immutable value, so a session resumes on any of them; the control thread replaces it.
//
// Pure: random bytes are given. Keys live in memory only: a restart costs each client one full
// handshake.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace teal::net {

struct TicketKey {
  static constexpr std::size_t kBytes = 16 + 32 + 32;

  std::array<std::uint8_t, 16> name{};
  std::array<std::uint8_t, 32> cipher{};  ///< AES-256.
  std::array<std::uint8_t, 32> mac{};     ///< HMAC-SHA-256.

  static TicketKey from(std::span<const std::uint8_t, kBytes> random);
  bool operator==(const TicketKey&) const = default;
};

class TicketKeys {
 public:
  static constexpr std::size_t kKept = 3;

  explicit TicketKeys(const TicketKey& first) : keys_{first} {}

  /// With one more key, without those that are too old then.
  TicketKeys rotated(const TicketKey& newest) const;
  const TicketKey& newest() const { return keys_.front(); }
  /// Null: not one of ours, or too old.
  const TicketKey* find(std::span<const std::uint8_t, 16> name) const;
  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<TicketKey> keys_;  ///< The newest first.
};

}  // namespace teal::net
