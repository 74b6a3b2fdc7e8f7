// RandomConfig: the text of a valid configuration, made by chance, and another one that differs
// from it a little: listeners and services come, go and change places, and single keys of them do.
// Each key has a seed of its own, of which its text is made: what is not changed stays the same.
//
// Pure, but for ConfigFiles. Two of the same generator in the same state are equal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"

namespace teal::sim {

/// The files that such configurations name, in a folder that is gone with it: pages of errors, and
/// users with their passwords.
class ConfigFiles {
 public:
  ConfigFiles();
  ~ConfigFiles();
  ConfigFiles(const ConfigFiles&) = delete;
  ConfigFiles& operator=(const ConfigFiles&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  /// Each says something else, so often of a hundred times.
  void change(Rng& rng, std::uint32_t percent);

 private:
  void write(const char* name, const std::string& text) const;

  std::filesystem::path folder_;
};

class RandomConfig {
 public:
  RandomConfig(Rng& rng, const ConfigFiles& files);

  /// Makes another one of it.
  void change(Rng& rng);
  std::string text() const;

 private:
  /// A listener or a service.
  struct Part {
    std::string name;
    std::map<std::string, std::uint64_t> keys;  ///< What it says, each by its seed.
  };
  using Parts = std::vector<Part>;

  void draw(Rng& rng);
  void change_key(Rng& rng);

  std::string folder_;
  Parts listeners_;
  Parts services_;
};

}  // namespace teal::sim
