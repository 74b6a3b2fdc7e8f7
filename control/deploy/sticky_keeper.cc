#include "control/deploy/sticky_keeper.h"

#include <algorithm>
#include <utility>

#include "base/hex.h"

namespace teal::control {
namespace {

constexpr const char* kKey = "sticky.key";
constexpr const char* kSalt = "sticky.salt";

std::optional<StickySecrets::Key> from_hex(std::string_view text) {
  StickySecrets::Key key{};
  if (text.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = kHexDigits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    key[i / 2] = static_cast<std::uint8_t>(key[i / 2] * 16U + digit);
  }
  return key;
}

}  // namespace

StickyKeeper::StickyKeeper(const config::Config& config, Random random)
    : random_(std::move(random)) {
  configure(config);
}

void StickyKeeper::configure(const config::Config& config) {
  longest_ = Millis{0};
  for (const config::Service& service : config.services)
    if (service.sticky) longest_ = std::max(longest_, Millis{service.sticky->max_age});
}

Millis StickyKeeper::period() const {
  return std::max(longest_, Millis{kMinPeriod});
}

StickySecrets::Key StickyKeeper::draw() const {
  StickySecrets::Key key{};
  random_(key);
  return key;
}

std::optional<StickyKeeper::Found> StickyKeeper::take_up(WallTime now) {
  if (!is_needed() || std::exchange(is_taken_up_, true)) return std::nullopt;
  return restore(std::exchange(stored_, {}), now);
}

StickyKeeper::Found StickyKeeper::restore(const std::vector<SecretRow>& rows, WallTime now) {
  Found found = Found::all;
  const auto read = [&](const char* name, WallTime& since) -> std::optional<StickySecrets::Key> {
    const auto row = std::ranges::find(rows, name, &SecretRow::name);
    if (row == rows.end()) return std::nullopt;
    since = row->since;
    const std::optional<StickySecrets::Key> key = from_hex(row->value);
    if (!key) found = Found::damaged;
    return key;
  };
  const auto read_or_make = [&](const char* name, WallTime& since) {
    if (const std::optional<StickySecrets::Key> key = read(name, since)) return *key;
    if (found == Found::all) found = Found::missing;
    since = now;
    return draw();
  };
  secrets_.previous = read(kPrevious, previous_since_);
  secrets_.key = read_or_make(kKey, key_since_);
  secrets_.salt = read_or_make(kSalt, salt_since_);
  return found;
}

bool StickyKeeper::tick(WallTime now) {
  if (!is_needed()) return false;
  // A clock that was set back.
  key_since_ = std::min(key_since_, now);
  previous_since_ = std::min(previous_since_, now);
  bool changed = false;
  if (secrets_.previous && now - previous_since_ >= longest_) {
    secrets_.previous.reset();
    changed = true;
  }
  if (now - key_since_ >= period()) {
    secrets_.previous = std::exchange(secrets_.key, draw());
    previous_since_ = key_since_ = now;
    changed = true;
  }
  return changed;
}

std::vector<SecretRow> StickyKeeper::rows() const {
  std::vector<SecretRow> rows{{kKey, to_hex(secrets_.key), key_since_},
                              {kSalt, to_hex(secrets_.salt), salt_since_}};
  if (secrets_.previous) rows.push_back({kPrevious, to_hex(*secrets_.previous), previous_since_});
  return rows;
}

}  // namespace teal::control
