// NewFile: a file that comes into being whole or not at all. It has no name while it is written
// (O_TMPFILE), so nothing of it is left whoever is killed meanwhile; where a file system has none
// such, it has a name of its own beside the place, which goes with the object. For its owner alone
// (0600), and locked (flock(2)) until the object goes: whoever finds it under such a name later
// sees whether it is being written still.
//
// One thread; blocks on the disk. Does not look at what is written.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/result.h"

namespace teal {

class NewFile {
 public:
  enum class IfThere { refuse, replace };

  /// In the directory of `path`, which is the name that it gets at last.
  static Result<NewFile> create(const std::string& path);
  /// Whether one for `path` has the name `name` before it gets its own.
  static bool is_name_for(const std::string& path, std::string_view name);
  NewFile(NewFile&& other) = default;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  Result<void> write(std::string_view bytes);
  /// Replaces a file and nothing else: no device, no pipe, no link.
  /// On the disk and under its name when it returns; an Error, and there is nothing. Once.
  Result<void> publish(IfThere what);
  /// Of the file as far as it is written, open for reading too.
  int descriptor() const { return file_->get(); }

 private:
  NewFile(std::string path, int descriptor);
  Error failure(const char* what) const;
  /// Its own name beside the place, if it has none yet.
  bool take_name();

  std::string path_;
  std::unique_ptr<Descriptor> file_;
  std::string name_;  ///< Empty: it has none.
};

}  // namespace teal
