#include "tests/support/e2e_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace teal::e2e {
namespace {

/// Between fork and exec only what is safe there.
[[noreturn]] void become(char* const* arguments, int in, int out, int err, const char* directory) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  if (*directory == 0 || ::chdir(directory) == 0) ::execvp(arguments[0], arguments);
  ::_exit(127);
}

int open_or_throw(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) throw std::runtime_error("open " + path + ": " + std::strerror(errno));
  return fd;
}

pid_t start(const std::vector<std::string>& arguments, const std::string& in_path,
            const std::string& out_path, const std::string& err_path,
            const std::string& directory) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const int in = open_or_throw(in_path, O_RDONLY);
  const int out = open_or_throw(out_path, O_WRONLY | O_CREAT | O_APPEND);
  const int err = open_or_throw(err_path, O_WRONLY | O_CREAT | O_APPEND);
  const pid_t id = ::fork();
  if (id == 0) become(argv.data(), in, out, err, directory.c_str());
  for (const int fd : {in, out, err}) ::close(fd);
  if (id < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  return id;
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "teal-e2e-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("mkdtemp: " + std::string(std::strerror(errno)));
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

Process::Process(const std::vector<std::string>& arguments, const std::string& stdout_path,
                 const std::string& stderr_path, const std::string& directory)
    : id_(start(arguments, "/dev/null", stdout_path, stderr_path, directory)) {}

Process::~Process() {
  if (has_ended()) return;
  signal(SIGKILL);
  wait();
}

void Process::signal(int number) const {
  if (!ended_) ::kill(id_, number);
}

bool Process::has_ended() {
  if (ended_) return true;
  int status = 0;
  if (::waitpid(id_, &status, WNOHANG) != id_) return false;
  ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return true;
}

std::optional<ExitCode> Process::wait(Deadline deadline) {
  eventually([this] { return has_ended(); }, deadline);
  return ended_;
}

Finished run(const std::vector<std::string>& arguments, const std::string& input,
             Deadline deadline) {
  const TempDir dir;
  // Through files: nobody has to read while the program writes.
  write_file(dir / "in", input);
  Finished finished;
  std::vector<std::string> wrapped{"/bin/sh", "-c", "exec \"$@\" <\"$0\"", dir / "in"};
  wrapped.insert(wrapped.end(), arguments.begin(), arguments.end());
  Process process(wrapped, dir / "out", dir / "err");
  finished.code = process.wait(deadline).value_or(-1000);
  if (finished.code == -1000) process.signal(SIGKILL);
  finished.out = read_file(dir / "out");
  finished.err = read_file(dir / "err");
  return finished;
}

}  // namespace teal::e2e
