// Reading files that a configuration or a command line names, whole, with a bound, and without ever
// waiting for one: a named pipe, a device, a socket or a directory is refused, whatever stands
// behind it.
//
// Blocks on the disk: cold paths only, any thread.
#pragma once

#include <cstddef>
#include <string>

namespace teal {

/// The text, or why not: `fault` reads behind the path, "is a directory".
struct FileText {
  std::string text;
  std::string fault;   ///< Empty: it was read.
  std::string remedy;  ///< May be empty.

  explicit operator bool() const { return fault.empty(); }
};

/// The whole of a regular file of at most `most` bytes.
FileText read_regular_file(const std::string& path, std::size_t most);

/// The whole of a file that a person names on the command line. "-", /dev/stdin, /dev/fd/N and
/// /proc/self/fd/N are descriptors of this process and are read to their end, also where they are
/// pipes, so that `teal check -` and `teal check <(...)` work. Other files as read_regular_file().
FileText read_given_file(const std::string& path, std::size_t most);

/// "is a named pipe", by the mode of stat(); empty: it is a regular file.
std::string why_not_regular(unsigned mode);

}  // namespace teal
