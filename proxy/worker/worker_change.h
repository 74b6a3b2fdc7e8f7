// WorkerChange: what another configuration changes of one worker besides its routes: its listening
// sockets and where its access log goes. Made on the control thread, carried out by the worker with
// the routes that belong to it.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/service_state.h"
#include "config/config.h"
#include "net/io/socket.h"

namespace teal::proxy {

class AccessLogWriter;

struct ListenerSocket {
  net::Socket socket;
  ListenerId listener = 0;
  bool is_shared = false;  ///< With other workers (Unix sockets).
  std::uint32_t set = 0;   ///< The number of all workers' sockets of this address.
};

struct WorkerChange {
  struct Log {
    config::AccessLog::Format format = config::AccessLog::Format::off;
    config::AccessLog::Query query = config::AccessLog::Query::full;
    AccessLogWriter* writer = nullptr;  ///< Null: off.
  };

  std::vector<ListenerSocket> opened;
  std::vector<std::pair<std::uint32_t, ListenerId>> taken_over;  ///< By their sets.
  std::vector<std::uint32_t> closed;                             ///< Their sets.
  std::vector<ListenerId> ended;  ///< Listeners whose connections end with their requests.
  std::optional<Log> log;         ///< Nothing: as it is.

  bool is_empty() const {
    return opened.empty() && taken_over.empty() && closed.empty() && ended.empty() && !log;
  }
};

}  // namespace teal::proxy
