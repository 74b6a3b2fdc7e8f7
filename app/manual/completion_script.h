// What a shell has to load so that it completes Teal's command line: a function that asks
// `teal complete` at each word. So the script knows no command, and fits any version of the
// program. Pure.
#pragma once

#include <string_view>

namespace teal::app {

/// A line of `teal complete` that stands for the names of files.
inline constexpr std::string_view kFiles = ":files";

/// Of bash, zsh or fish; empty for others.
std::string_view completion_script(std::string_view shell);

}  // namespace teal::app
