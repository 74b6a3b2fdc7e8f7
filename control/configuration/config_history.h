// ConfigHistory: the generations of the configuration: a number for each that was loaded and said
// something else than the one before, over restarts too, and the last ten of them. Their texts are
// in the store.
//
// Pure; control thread. Does not read files or write the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/store/store.h"

namespace teal::control {

class ConfigHistory {
 public:
  static constexpr std::size_t kKept = 10;

  /// The rows of the store, by generation; their texts are not looked at.
  explicit ConfigHistory(std::vector<ConfigRow> rows = {});

  /// `row`, whose generation is not asked for, is what Teal runs on from now on. The row to be
  /// written; nothing where it says what the last one says.
  std::optional<ConfigRow> take(ConfigRow row);

  /// Requires: something was taken, ever.
  const ConfigRow& current() const { return rows_.back(); }
  bool is_empty() const { return rows_.empty(); }
  /// The oldest that is kept.
  std::uint64_t first() const { return rows_.front().generation; }
  /// Null: it is not kept.
  const ConfigRow* find(std::uint64_t generation) const;
  /// The one before the current one; null: there is none.
  const ConfigRow* previous() const {
    return rows_.size() < 2 ? nullptr : &rows_[rows_.size() - 2];
  }
  /// The oldest first, without texts.
  const std::vector<ConfigRow>& rows() const { return rows_; }

 private:
  std::vector<ConfigRow> rows_;
};

/// What tells one text from another: SHA-256, in hexadecimal.
std::string config_digest(const std::string& text);

}  // namespace teal::control
