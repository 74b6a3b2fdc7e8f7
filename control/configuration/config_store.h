// ConfigStore: the generations of the configuration in the store, for whoever loads one.
//
// Control thread. Decides nothing: which are kept is ConfigHistory's.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "control/store/pending_writes.h"

namespace teal::control {

class ConfigStore {
 public:
  explicit ConfigStore(PendingWrites& writes) : writes_(writes) {}

  /// What the store had at the start.
  void begin(const Contents& contents) {
    rows_ = contents.configs;
    id_ = contents.id;
    confirmation_ = contents.confirmation;
  }

  /// As begin() found them; without their texts.
  const std::vector<ConfigRow>& rows() const { return rows_; }
  /// Of the store: made with it, for its whole life.
  const std::string& id() const { return id_; }
  /// Keeps the row, and none before `first`. Its text is in the store, or, where that fails, lost.
  void save(ConfigRow row, std::uint64_t first) {
    writes_.add(std::move(row), first);
    writes_.flush();
  }
  /// What waits to be confirmed, over restarts too.
  const ConfirmationRow& confirmation() const { return confirmation_; }
  void await(const ConfirmationRow& row) {
    if (row == confirmation_) return;
    confirmation_ = row;
    writes_.set(row);
    writes_.flush();
  }
  /// The text of a generation that was saved.
  Result<std::string> text(std::uint64_t generation) const {
    return writes_.config_text(generation);
  }

 private:
  PendingWrites& writes_;
  std::vector<ConfigRow> rows_;
  std::string id_;
  ConfirmationRow confirmation_;
};

}  // namespace teal::control
