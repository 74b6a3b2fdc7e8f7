#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/descriptor.h"
#include "base/parse_number.h"

namespace teal {
namespace {

FileText refuse(std::string fault, std::string remedy = {}) {
  return {{}, std::move(fault), std::move(remedy)};
}

FileText cannot(const char* what) {
  return refuse(std::string("cannot be ") + what + ": " + std::strerror(errno),
                "check the path and its permissions");
}

std::string in_words(std::size_t bytes) {
  constexpr std::size_t kKib = 1024;
  if (bytes % (kKib * kKib) == 0) return std::to_string(bytes / (kKib * kKib)) + " MiB";
  if (bytes % kKib == 0) return std::to_string(bytes / kKib) + " KiB";
  return std::to_string(bytes) + " bytes";
}

FileText read_to_end(int fd, std::size_t most) {
  constexpr std::size_t kPiece = 64 * 1024;
  FileText file;
  while (true) {
    const std::size_t size = file.text.size();
    if (size > most)
      return refuse("is larger than " + in_words(most), "split it or remove what is not needed");
    // One byte more than allowed, to know of it.
    file.text.resize(size + std::min(kPiece, most + 1 - size));
    const ssize_t got = ::read(fd, file.text.data() + size, file.text.size() - size);
    if (got < 0 && errno != EINTR) return cannot("read");
    file.text.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return file;
  }
}

/// The number of the descriptor that a path stands for.
std::optional<int> descriptor_of(std::string_view path) {
  if (path == "-" || path == "/dev/stdin") return STDIN_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    path.remove_prefix(folder.size());
    if (const auto number = parse_whole<int>(path); number && *number >= 0) return number;
  }
  return std::nullopt;
}

}  // namespace

std::string why_not_regular(unsigned mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return {};
    case S_IFDIR: return "is a directory";
    case S_IFLNK: return "is a symbolic link";
    case S_IFIFO: return "is a named pipe";
    case S_IFSOCK: return "is a socket";
    case S_IFCHR:
    case S_IFBLK: return "is a device";
    default: return "is not a file";
  }
}

FileText read_regular_file(const std::string& path, std::size_t most) {
  constexpr const char* kRemedy = "name a file";
  struct stat status{};
  // Before it is opened: that alone makes some devices do something.
  if (::stat(path.c_str(), &status) != 0) return cannot("opened");
  if (std::string why = why_not_regular(status.st_mode); !why.empty())
    return refuse(std::move(why), kRemedy);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.get() < 0) return cannot("opened");
  // And after: the name may have got another meaning meanwhile.
  if (::fstat(file.get(), &status) != 0) return cannot("read");
  if (std::string why = why_not_regular(status.st_mode); !why.empty())
    return refuse(std::move(why), kRemedy);
  return read_to_end(file.get(), most);
}

FileText read_given_file(const std::string& path, std::size_t most) {
  const std::optional<int> given = descriptor_of(path);
  if (!given) return read_regular_file(path, most);
  struct stat status{};
  if (::fstat(*given, &status) != 0) return cannot("read");
  if (S_ISDIR(status.st_mode)) return refuse(why_not_regular(status.st_mode), "name a file");
  return read_to_end(*given, most);
}

}  // namespace teal
