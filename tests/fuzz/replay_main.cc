// Runs a fuzz target over files, or over all files of folders: what `./dev test` does with the
// seeds, and how a finding is looked at without libFuzzer. A .hex file is text that stands for
// bytes; blanks and what follows a # are ignored.
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/fuzz.h"

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string from_hex(std::string_view text) {
  std::string bytes;
  std::string digits;
  bool is_comment = false;
  for (const char c : text) {
    is_comment = c == '#' || (is_comment && c != '\n');
    if (is_comment || std::isxdigit(static_cast<unsigned char>(c)) == 0) continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return bytes;
}

void replay(const std::filesystem::path& path) {
  std::string bytes = read(path);
  if (path.extension() == ".hex") bytes = from_hex(bytes);
  std::printf("%s: %zu bytes\n", path.filename().c_str(), bytes.size());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t files = 0;
  for (const char* const argument :
       std::span(arguments, static_cast<std::size_t>(count)).subspan(1)) {
    if (!std::filesystem::is_directory(argument)) {
      replay(argument);
      ++files;
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argument)) {
      replay(entry.path());
      ++files;
    }
  }
  std::printf("%zu inputs\n", files);
  return files > 0 ? 0 : 1;
}
