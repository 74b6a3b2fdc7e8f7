// LogFile: where the access log's lines go, a file or standard output, and what becomes of them
// when it takes no more. A line is there whole or not at all: where a write stopped in the middle
// of one, a file of our own is cut back to the end of the line before; elsewhere (a pipe, a file
// that others write to as well) the rest of the line is kept and goes first as soon as there is
// room.
//
// The writer's thread alone (proxy/telemetry/access_log_writer.cc). Knows no queue and no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace teal::proxy {

class LogFile {
 public:
  /// What a write came to: 0 or the errno, and how many lines will never be there.
  struct Outcome {
    int error = 0;
    std::uint64_t lost = 0;
  };

  /// Empty: standard output, which is not ours to close. A named pipe that nobody reads is refused
  /// rather than waited for. False: errno says why not.
  bool open(const std::string& path);
  ~LogFile() { close(); }
  LogFile() = default;
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// Opens the file's name again, after a rotation. False, with errno: that failed, and the old one
  /// stays open, which is better than none.
  bool reopen();

  /// Whole lines. `may_wait` is called where a pipe takes nothing, again and again until it does or
  /// the answer is false.
  Outcome write(std::string_view lines, const std::function<bool()>& may_wait);

 private:
  void adopt(int file);
  void close();
  /// How many bytes went; fewer than all: `error` says why.
  std::size_t write_some(std::string_view bytes, const std::function<bool()>& may_wait, int& error);
  bool wait_until_writable(const std::function<bool()>& may_wait) const;
  bool cut_back(std::size_t bytes) const;

  std::string path_;
  int file_ = -1;
  bool is_regular_ = false;
  std::string rest_;  ///< Of a line whose beginning is in the file.
};

}  // namespace teal::proxy
