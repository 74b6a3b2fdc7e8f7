// The lock by which a Teal has its store for itself, seen and taken from outside, without SQLite
// having a say: so nobody starts on a file that is just being replaced, and whoever holds it has a
// name. The bytes are those that SQLite locks on POSIX systems
// (https://www.sqlite.org/fileformat2.html#the_lock_byte_page).
//
// For a process that does not have the store open: closing any descriptor of a file takes all of
// the process's locks off it (fcntl(2)).
#pragma once

#include <memory>
#include <string>

#include "base/descriptor.h"
#include "base/result.h"

namespace teal::control {

/// Who has locked the store, "process 123"; empty: nobody has.
std::string who_uses_store(const std::string& path);

/// Until the process closes any descriptor of that file. An Error: somebody else has locked it.
Result<void> lock_store(int descriptor, const std::string& path);

class SqliteLock {
 public:
  /// Of a file that is there. An Error: somebody else has locked it, or it cannot be opened.
  static Result<SqliteLock> take(const std::string& path);
  /// Once more, after this process has opened and closed the file.
  Result<void> take_again();

 private:
  SqliteLock(std::string path, int descriptor)
      : path_(std::move(path)), file_(std::make_unique<Descriptor>(descriptor)) {}

  std::string path_;
  std::unique_ptr<Descriptor> file_;
};

}  // namespace teal::control
