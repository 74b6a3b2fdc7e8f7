#include "app/system/file_places.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace teal::app {
namespace {

constexpr std::string_view kStandardOutput = "stdout";

std::string working_folder() {
  std::error_code failed;
  const std::filesystem::path folder = std::filesystem::current_path(failed);
  return failed ? "." : folder.string();
}

bool is_relative(const std::string& path) {
  return !path.empty() && path.front() != '/';
}

/// The files that Teal writes, by key.
std::vector<std::pair<std::string, std::string>> written_files(const config::Config& config) {
  std::vector<std::pair<std::string, std::string>> files{{"state", config.state_path}};
  const config::AccessLog& log = config.access_log;
  if (log.format != config::AccessLog::Format::off && log.path != kStandardOutput)
    files.emplace_back("access_log.path", log.path);
  return files;
}

std::string why_not(const std::string& path, int mode) {
  return ::access(path.c_str(), mode) == 0 ? std::string() : std::generic_category().message(errno);
}

/// What is wrong with it, and what to do.
std::pair<std::string, std::string> look_at(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (::access(folder.c_str(), F_OK) != 0)
    return {"the folder " + folder + " cannot be found: " + std::generic_category().message(errno),
            "make it, or name another place"};
  if (const std::string why = why_not(folder, W_OK | X_OK); !why.empty())
    return {"nothing can be written in the folder " + folder + ": " + why,
            "let the user that serves write there; this is what user " +
                std::to_string(::geteuid()) + " may"};
  if (::access(path.c_str(), F_OK) != 0) return {};
  if (const std::string why = why_not(path, R_OK | W_OK); !why.empty())
    return {path + " cannot be written: " + why,
            "give it to the user that serves; this is what user " + std::to_string(::geteuid()) +
                " may"};
  return {};
}

}  // namespace

std::string absolute_path(const std::string& path) {
  if (!is_relative(path)) return path;
  return (std::filesystem::path(working_folder()) / path).lexically_normal().string();
}

std::string relative_to_what(const std::string& path) {
  if (!is_relative(path)) return {};
  return "'" + path + "' is relative to the working folder " + working_folder();
}

std::vector<config::Problem> look_at_places(const config::Config& config, const std::string& file) {
  std::vector<config::Problem> problems;
  for (const auto& [key, path] : written_files(config)) {
    auto [message, hint] = look_at(absolute_path(path));
    if (message.empty()) continue;
    if (const std::string note = relative_to_what(path); !note.empty()) hint += "; " + note;
    problems.push_back({file, 0, 0, key, std::move(message), std::move(hint)});
  }
  return problems;
}

std::vector<std::string> describe_places(const config::Config& config) {
  std::vector<std::string> lines;
  for (const auto& [key, path] : written_files(config)) {
    const std::string note = relative_to_what(path);
    lines.push_back(key + ": " + absolute_path(path) + (note.empty() ? "" : " (" + note + ")"));
  }
  return lines;
}

}  // namespace teal::app
