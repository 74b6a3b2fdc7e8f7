// EventParser: server-sent events out of bytes (WHATWG HTML, section 9.2.6), for `teal events`.
// Pure; feed it whatever has arrived.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "app/client/admin_client.h"

namespace teal::app {

class EventParser {
 public:
  /// Longer events are not Teal's.
  static constexpr std::size_t kMaxBytes = std::size_t{1024} * 1024;

  /// False once `take` has said false or the limit is reached.
  bool feed(std::string_view bytes, const std::function<bool(const ServerEvent&)>& take);
  bool is_overrun() const { return is_overrun_; }

 private:
  bool line(std::string_view text, const std::function<bool(const ServerEvent&)>& take);

  std::string rest_;
  ServerEvent event_;
  bool is_overrun_ = false;
};

}  // namespace teal::app
