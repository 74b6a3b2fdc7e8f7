#include "app/demo/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

namespace teal::app {
namespace {

constexpr Millis kGrace{3000};
constexpr Millis kGlance{10};

/// True once the process is gone.
bool is_reaped(pid_t pid) {
  return ::waitpid(pid, nullptr, WNOHANG) != 0;
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& arguments,
                                         const std::string& log_path) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
    return Error{Source::internal, std::string("cannot make a pipe: ") + std::strerror(errno)};
  std::vector<std::string> words{"teal"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_path.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  ChildProcess child;
  const int failed =
      ::posix_spawn(&child.pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  child.input_ = in[1];
  child.output_ = out[0];
  if (failed == 0) return child;
  child.pid_ = -1;
  return Error{Source::internal, std::string("cannot start a process: ") + std::strerror(failed)};
}

ChildProcess::ChildProcess(ChildProcess&& from) noexcept
    : pid_(std::exchange(from.pid_, -1)),
      input_(std::exchange(from.input_, -1)),
      output_(std::exchange(from.output_, -1)),
      buffered_(std::move(from.buffered_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& from) noexcept {
  std::swap(pid_, from.pid_);
  std::swap(input_, from.input_);
  std::swap(output_, from.output_);
  std::swap(buffered_, from.buffered_);
  return *this;
}

ChildProcess::~ChildProcess() {
  stop();
  if (input_ >= 0) ::close(input_);
  if (output_ >= 0) ::close(output_);
}

std::optional<std::string> ChildProcess::read_line(Millis patience) {
  const Mono deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    if (const std::size_t end = buffered_.find('\n'); end != std::string::npos) {
      std::string line = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return line;
    }
    const auto left = std::chrono::ceil<Millis>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{output_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0)
      return std::nullopt;
    std::array<char, 512> bytes{};
    const ssize_t n = ::read(output_, bytes.data(), bytes.size());
    if (n <= 0) return std::nullopt;
    buffered_.append(bytes.data(), static_cast<std::size_t>(n));
  }
}

void ChildProcess::stop() {
  const pid_t pid = std::exchange(pid_, -1);
  if (pid < 0) return;
  ::kill(pid, SIGTERM);
  const Mono deadline = std::chrono::steady_clock::now() + kGrace;
  while (!is_reaped(pid)) {
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      return;
    }
    std::this_thread::sleep_for(kGlance);
  }
}

void ChildProcess::release() {
  pid_ = -1;
  input_ = output_ = -1;
}

}  // namespace teal::app
