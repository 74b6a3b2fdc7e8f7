#include "net/tls/tickets.h"

#include <algorithm>

namespace teal::net {

TicketKey TicketKey::from(std::span<const std::uint8_t, kBytes> random) {
  TicketKey key;
  auto from = random.begin();
  const auto fill = [&from](auto& part) {
    std::copy_n(from, part.size(), part.begin());
    from += static_cast<std::ptrdiff_t>(part.size());
  };
  fill(key.name);
  fill(key.cipher);
  fill(key.mac);
  return key;
}

TicketKeys TicketKeys::rotated(const TicketKey& newest) const {
  TicketKeys next(newest);
  for (const TicketKey& key : keys_)
    if (next.keys_.size() < kKept) next.keys_.push_back(key);
  return next;
}

const TicketKey* TicketKeys::find(std::span<const std::uint8_t, 16> name) const {
  const auto found = std::ranges::find_if(
      keys_, [&](const TicketKey& key) { return std::ranges::equal(key.name, name); });
  return found == keys_.end() ? nullptr : &*found;
}

}  // namespace teal::net
