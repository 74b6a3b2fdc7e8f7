// Snapshots of the store while Teal runs: a copy of all of it as it was at one moment, as one file
// that any Teal of this version or later opens. The control thread only says when to begin and that
// it is over; the copy is another thread's (docs/adr/0033-snapshots.md).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/descriptor.h"
#include "base/result.h"

namespace teal::control {

/// A whole copy that has no name any more: it is gone with the last who holds it. Any thread, one
/// at a time; reading waits for the disk.
class Snapshot {
 public:
  /// Takes the descriptor over.
  Snapshot(int descriptor, std::uint64_t size) : file_(descriptor), size_(size) {}

  std::uint64_t size() const { return size_; }  ///< Bytes.
  /// At most so many bytes from there; fewer only at the end.
  Result<std::string> read(std::uint64_t offset, std::size_t most) const;

 private:
  Descriptor file_;
  std::uint64_t size_;
};

/// What a snapshot is made of.
class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  /// On any one thread, between Store::begin_snapshot() and end_snapshot(). Waits for the disk.
  /// `is_given_up`: nobody wants it any more; it ends soon, with an Error.
  virtual Result<std::shared_ptr<const Snapshot>> make(const std::atomic<bool>& is_given_up) = 0;
};

}  // namespace teal::control
