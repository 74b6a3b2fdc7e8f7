#include "proxy/telemetry/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace teal::proxy {
namespace {

constexpr int kPollMillis = 100;

/// O_NONBLOCK is for named pipes: without a reader, open() says so (ENXIO) instead of waiting.
int open_to_append(const std::string& path) {
  int file = -1;
  do
    file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                  0640);
  while (file < 0 && errno == EINTR);
  return file;
}

std::uint64_t count_lines(std::string_view lines) {
  return static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace

bool LogFile::open(const std::string& path) {
  const int file = path.empty() ? STDOUT_FILENO : open_to_append(path);
  if (file < 0) return false;
  path_ = path;
  adopt(file);
  return true;
}

void LogFile::adopt(int file) {
  struct stat status{};
  file_ = file;
  is_regular_ = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

void LogFile::close() {
  if (file_ >= 0 && !path_.empty()) ::close(file_);
  file_ = -1;
}

bool LogFile::reopen() {
  if (path_.empty()) return true;
  const int file = open_to_append(path_);
  if (file < 0) return false;
  if (!rest_.empty()) {
    int error = 0;
    write_some(rest_, [] { return false; }, error);
    rest_.clear();
  }
  close();
  adopt(file);
  return true;
}

LogFile::Outcome LogFile::write(std::string_view lines, const std::function<bool()>& may_wait) {
  Outcome outcome;
  if (!rest_.empty()) {
    rest_.erase(0, write_some(rest_, may_wait, outcome.error));
    if (!rest_.empty()) {
      outcome.lost = count_lines(lines);
      return outcome;
    }
  }
  const std::size_t done = write_some(lines, may_wait, outcome.error);
  if (done == lines.size()) return {};
  const std::size_t whole = done == 0 ? 0 : lines.rfind('\n', done - 1) + 1;  // npos + 1 is 0
  outcome.lost = count_lines(lines.substr(whole));
  if (whole == done || cut_back(done - whole)) return outcome;
  rest_ = lines.substr(done, lines.find('\n', done) - done + 1);
  if (outcome.lost > 0) --outcome.lost;
  return outcome;
}

std::size_t LogFile::write_some(std::string_view bytes, const std::function<bool()>& may_wait,
                                int& error) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    // A pipe that is not read must not hold the thread in write(): it takes PIPE_BUF bytes at once
    // when poll() says so.
    if (!is_regular_ && !wait_until_writable(may_wait)) {
      error = ETIMEDOUT;
      break;
    }
    const std::size_t left = bytes.size() - done;
    const std::size_t size = is_regular_ ? left : std::min<std::size_t>(left, PIPE_BUF);
    const ssize_t written = ::write(file_, bytes.data() + done, size);
    if (written > 0) {
      done += static_cast<std::size_t>(written);
    } else if (written == 0 || (errno != EINTR && errno != EAGAIN)) {
      error = written == 0 ? ENOSPC : errno;
      break;
    }
  }
  return done;
}

bool LogFile::wait_until_writable(const std::function<bool()>& may_wait) const {
  for (;;) {
    pollfd wanted{file_, POLLOUT, 0};
    const int ready = ::poll(&wanted, 1, kPollMillis);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
    if (!may_wait()) return false;
  }
}

/// Takes the last bytes off the file, if they are the last still: what others appended is not ours.
bool LogFile::cut_back(std::size_t bytes) const {
  if (!is_regular_ || path_.empty()) return false;
  struct stat status{};
  const off_t end = ::lseek(file_, 0, SEEK_CUR);
  if (end < 0 || ::fstat(file_, &status) != 0 || status.st_size != end) return false;
  return ::ftruncate(file_, end - static_cast<off_t>(bytes)) == 0;
}

}  // namespace teal::proxy
