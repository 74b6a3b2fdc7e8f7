// Which binary the tests drive: the one of their own build, or the one that the environment names
// in TEAL_BINARY. So the sanitizers' binaries are tested by the same tests, compiled once and
// running at full speed: TEAL_BINARY=build/asan/teal build/release/tests/e2e_tests.
//
// An instrumented binary is several times slower and takes more memory; the tests see by its
// symbols that it is one (kPatience in e2e_deadline.h). Has no state but what it found at the first
// call.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace teal::e2e {

/// The path of the binary, absolute: tests run it in directories of their own.
inline const std::string& teal_binary() {
  static const std::string path = [] {
    const char* const named = std::getenv("TEAL_BINARY");
    if (named == nullptr || *named == 0) return std::string(TEAL_BUILT_BINARY);
    return std::filesystem::absolute(named).string();
  }();
  return path;
}

/// Whether a program was built with AddressSanitizer or ThreadSanitizer. The names of the
/// sanitizers' functions are among its dynamic symbols, and those stand before its code.
inline bool is_instrumented(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string head(std::size_t{8} << 20U, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  const std::string_view read(head.data(), static_cast<std::size_t>(file.gcount()));
  return read.find("__asan_init") != std::string_view::npos ||
         read.find("__tsan_init") != std::string_view::npos;
}

}  // namespace teal::e2e
