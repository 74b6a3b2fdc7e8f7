// StoreImage: a store that no Teal runs on, or a backup of one, read whole into memory: what `teal
// state` looks at, writes down and puts in another place. What was read stands alone: a journal
// beside the file, which a killed Teal leaves, is in it.
//
// For a process that does not serve, any thread; waits for the disk. The file is not changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace teal::control {

/// What is in a store.
struct StoreSummary {
  std::int64_t version = 0;  ///< Of its schema.
  std::string id;            ///< Empty before schema 4.
  std::uint64_t services = 0, deployments = 0, events = 0;
  std::uint64_t evidence = 0;     ///< Parts of it.
  std::uint64_t generations = 0;  ///< Of the configuration.
  std::uint64_t bytes = 0;
  /// The newest time that anything in it has; nothing where nothing has one.
  std::optional<WallTime> last_change;
  bool operator==(const StoreSummary&) const = default;
};

class StoreImage {
 public:
  /// An Error: it cannot be read, is no store of Teal's by its header, or is in use.
  static Result<StoreImage> of_file(const std::string& given);
  /// Of a file without a journal; `name`: for messages.
  static Result<StoreImage> of_descriptor(int descriptor, const std::string& name);

  std::string_view bytes() const;
  /// What is in it. An Error: it is damaged, another program's, or a newer Teal's.
  Result<StoreSummary> check() const;
  /// With an id of its own: whoever follows the events of the store that this is a copy of must not
  /// take its numbers for theirs. Requires: check() has found nothing wrong.
  Result<StoreImage> renamed() const;

 private:
  struct Free {
    void operator()(unsigned char* bytes) const;
  };
  using Buffer = std::unique_ptr<unsigned char, Free>;

  StoreImage(std::string name, Buffer buffer, std::size_t size);
  static Result<StoreImage> with_journal(const std::string& path);

  std::string name_;
  Buffer buffer_;
  std::size_t size_;
};

}  // namespace teal::control
