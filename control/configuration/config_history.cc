#include "control/configuration/config_history.h"

#include <algorithm>
#include <utility>

#include "base/hex.h"
#include "net/tls/sha256.h"

namespace teal::control {

ConfigHistory::ConfigHistory(std::vector<ConfigRow> rows) : rows_(std::move(rows)) {
  if (rows_.size() > kKept) rows_.erase(rows_.begin(), rows_.end() - kKept);
}

std::optional<ConfigRow> ConfigHistory::take(ConfigRow row) {
  if (!rows_.empty() && rows_.back().mark == row.mark && rows_.back().digest == row.digest)
    return std::nullopt;
  row.generation = rows_.empty() ? 1 : rows_.back().generation + 1;
  if (rows_.size() == kKept) rows_.erase(rows_.begin());
  rows_.push_back(row);
  rows_.back().text.clear();
  return row;
}

const ConfigRow* ConfigHistory::find(std::uint64_t generation) const {
  const auto found = std::ranges::find(rows_, generation, &ConfigRow::generation);
  return found == rows_.end() ? nullptr : &*found;
}

std::string config_digest(const std::string& text) {
  return to_hex(net::sha256(text));
}

}  // namespace teal::control
