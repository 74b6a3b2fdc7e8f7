#include "proxy/routing/sticky.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "base/assert.h"
#include "proxy/policy/client_key.h"

namespace teal::proxy {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
using Bytes = std::array<std::uint8_t, StickyCookies::kIdBytes + StickyCookies::kMacBytes>;

/// A key for one use in one service, of which nothing can be learnt about the others.
net::Mac::Tag derived(const StickySecrets::Key& secret, std::string_view use,
                      std::string_view service) {
  std::string name(use);
  name += '\0';
  name += service;
  return net::Mac(secret).of({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
}

SipKey sip_key(const StickySecrets::Key& secret, std::string_view use, std::string_view service) {
  const net::Mac::Tag tag = derived(secret, use, service);
  SipKey key;
  std::memcpy(&key.first, tag.data(), sizeof key.first);
  std::memcpy(&key.second, tag.data() + sizeof key.first, sizeof key.second);
  return key;
}

void put_id(const StickyClient& client, Bytes& bytes) {
  std::memcpy(bytes.data(), &client.serial, sizeof client.serial);
  std::memcpy(bytes.data() + sizeof client.serial, &client.offset, sizeof client.offset);
}

/// -1: no digit.
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool from_hex(std::string_view text, Bytes& bytes) {
  if (text.size() != 2 * bytes.size()) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace

StickyCookies::StickyCookies(const StickySecrets& secrets, std::string_view service)
    : mac_(derived(secrets.key, "cookie", service)),
      buckets_(sip_key(secrets.salt, "bucket", service)),
      draws_(sip_key(secrets.salt, "draw", service)),
      places_(sip_key(secrets.salt, "place", service)) {
  if (secrets.previous) previous_.emplace(derived(*secrets.previous, "cookie", service));
}

std::uint32_t StickyCookies::bucket(const StickyClient& client, std::uint64_t deployment) const {
  const std::uint64_t hash = siphash(buckets_, client.serial, deployment);
  return static_cast<std::uint32_t>((hash % kBuckets + client.offset) % kBuckets);
}

StickyClient StickyCookies::draw(bool release_side, Weight release, std::uint64_t deployment,
                                 Rng& rng) const {
  const std::uint32_t share = release.basis_points();
  const std::uint32_t first = release_side ? 0 : share;
  const std::uint32_t size = release_side ? share : kBuckets - share;
  TEAL_ASSERT(size > 0);
  // The generator's numbers are known to whoever has seen a few of them, as in the ids of requests;
  // their keyed hashes are not.
  const std::uint64_t random = rng.next();
  StickyClient client;
  client.serial = std::max<std::uint64_t>(siphash(draws_, random, 0), 1);
  const std::uint64_t place = siphash(draws_, random, 1) >> 32U;
  const auto wanted = first + static_cast<std::uint32_t>((place * size) >> 32U);
  client.offset =
      static_cast<std::uint16_t>((wanted + kBuckets - bucket(client, deployment)) % kBuckets);
  return client;
}

void StickyCookies::write(const StickyClient& client, std::string& out) const {
  Bytes bytes{};
  put_id(client, bytes);
  const net::Mac::Tag tag = mac_.of(std::span(bytes).first<kIdBytes>());
  std::copy_n(tag.begin(), kMacBytes, bytes.begin() + kIdBytes);
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
}

std::optional<StickyClient> StickyCookies::read(std::string_view cookie) const {
  Bytes bytes{};
  if (!from_hex(cookie, bytes)) return std::nullopt;
  const auto id = std::span<const std::uint8_t>(bytes).first<kIdBytes>();
  const auto given = std::span<const std::uint8_t>(bytes).last<kMacBytes>();
  const auto is_sealed_with = [&](const net::Mac& mac) {
    const net::Mac::Tag tag = mac.of(id);
    return net::are_equal_secretly(std::span(tag).first<kMacBytes>(), given);
  };
  if (!is_sealed_with(mac_) && !(previous_ && is_sealed_with(*previous_))) return std::nullopt;
  StickyClient client;
  std::memcpy(&client.serial, bytes.data(), sizeof client.serial);
  std::memcpy(&client.offset, bytes.data() + sizeof client.serial, sizeof client.offset);
  return client;
}

std::uint64_t StickyCookies::place_of(std::string_view address) const {
  return std::max<std::uint64_t>(siphash(places_, site_key(address), 0), 1);
}

}  // namespace teal::proxy
