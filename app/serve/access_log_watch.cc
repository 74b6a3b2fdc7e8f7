#include "app/serve/access_log_watch.h"

#include <cerrno>
#include <system_error>
#include <utility>

namespace teal::app {
namespace {

std::string in_words(int error) {
  return std::generic_category().message(error);
}

std::string remedy_for(int error) {
  if (error == EPIPE) return "start the reader of the pipe again";
  if (error == EFBIG) return "rotate the file and send SIGUSR1, or raise its limit (ulimit -f)";
  return "make room on the disk, or set another access_log.path";
}

}  // namespace

void AccessLogWatch::check(const proxy::AccessLogHealth& health, Mono now) {
  if (std::exchange(not_reopened_, health.not_reopened) != health.not_reopened &&
      health.not_reopened != 0)
    log_.error("the access log cannot be opened again and goes on in its old file",
               {{"path", path_},
                {"reason", in_words(health.not_reopened)},
                {"remedy", "mend what stands in its way and send SIGUSR1 again"}});
  const bool has_failed = health.failing != 0 || health.errors != errors_;
  if (has_failed) last_error_ = now;
  const bool begins = health.failing != 0 && !warning_;
  errors_ = health.errors;
  if (begins) {
    warning_ = "the access log " + path_ + " cannot be written: " + in_words(health.failing);
    log_.error("the access log cannot be written: lines are lost, traffic goes on",
               {{"path", path_},
                {"reason", in_words(health.failing)},
                {"remedy", remedy_for(health.failing)}});
    return;
  }
  if (!warning_) {
    lost_before_ = health.lost;
    return;
  }
  if (now - last_error_ < kCalm) return;
  warning_ = std::nullopt;
  log_.info("the access log is written again",
            {{"path", path_}, {"lost_lines", std::to_string(health.lost - lost_before_)}});
  lost_before_ = health.lost;
}

}  // namespace teal::app
