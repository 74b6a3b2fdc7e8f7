#include "app/system/file_state.h"

#include <sys/stat.h>

namespace teal::app {

std::string file_state(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return "gone;";
  return std::to_string(status.st_ino) + ':' + std::to_string(status.st_size) + ':' +
         std::to_string(status.st_mtim.tv_sec) + '.' + std::to_string(status.st_mtim.tv_nsec) + ';';
}

}  // namespace teal::app
