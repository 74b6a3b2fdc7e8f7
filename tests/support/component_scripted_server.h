// ScriptedServer: a target on a loopback port (or Unix socket) that does to each connection what
// the test says: answer, answer slowly, talk garbage, stall, close. Runs on the test's io_context;
// does not understand HTTP beyond where a request head ends.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "base/address.h"

namespace teal::test {

/// What happens on one connection once the request head has come.
struct Reply {
  enum class Then { close, hold };

  std::string bytes;
  Then then = Then::close;
  /// Before every single byte; 0: all bytes at once.
  std::chrono::milliseconds pause{0};
};

/// An answer with a Content-Length.
Reply http_reply(int status, const std::string& body = "");
/// Reads the request and says nothing.
Reply stall();

class ScriptedServer {
 public:
  /// `script` is asked once per connection, counted from 0.
  using Script = std::function<Reply(std::size_t connection)>;

  ScriptedServer(boost::asio::io_context& io, Script script,
                 const Address& where = Address{Address::Kind::ip4, "127.0.0.1", 0});
  ~ScriptedServer();

  /// With the port that the system chose.
  const Address& address() const;
  std::size_t connections() const;
  const std::vector<std::string>& requests() const;
  /// Answers the connections that are held, and closes them.
  void release(const std::string& bytes);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Runs `io` until `condition` holds; false if that takes longer than a test may.
bool run_until(boost::asio::io_context& io, const std::function<bool()>& condition);

}  // namespace teal::test
