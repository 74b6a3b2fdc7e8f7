// Server: a whole running Teal. The only place where all parts meet: control's Ports are
// implemented with the worker pool and the prober, signals become calls, and everything is made and
// ended in order.
//
// Lives on the control thread (the one that calls run()); the workers have their own.
#pragma once

#include <memory>
#include <string>

#include "app/reload/prepared_config.h"
#include "app/system/systemd.h"
#include "base/log.h"
#include "base/result.h"
#include "config/config.h"

namespace teal::app {

class Server {
 public:
  /// `systemd` hears when everybody is served, when that ends, and signs of life in between.
  /// `source`: where a reload reads it again.
  Server(std::shared_ptr<const config::Config> config, Log& log, Systemd systemd,
         ConfigSource source);
  ~Server();

  /// Opens the store, binds every address, starts control. An Error says what cannot be had;
  /// nothing is left running then.
  Result<void> start();
  /// Serves until SIGTERM, SIGINT or SIGQUIT, then drains. The process's exit code.
  int run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace teal::app
