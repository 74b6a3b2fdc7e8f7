// LoginDesk: where the requests of one worker ask whether a password is somebody's. What was found
// out not long ago is known here; the rest goes to the thread that computes hashes (LoginChecker),
// whose answers come back by post. A request that waits can walk away at any time.
//
// Owned by its worker's loop, used by the worker's thread: no locks. How many checks may wait, and
// what all workers know together, is the checker's affair; how long a request waits is its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "net/password/password_file.h"
#include "net/tls/mac.h"
#include "proxy/policy/expiring_map.h"

namespace teal::proxy {

/// A request that waits for the answer.
class LoginWaiter {
 public:
  virtual void on_checked(bool is_good) = 0;

 protected:
  ~LoginWaiter() = default;
};

/// One password to check. What it has of it is wiped when it goes.
struct LoginJob {
  std::uint32_t worker = 0;
  std::uint64_t ticket = 0;
  net::Mac::Tag tag{};
  std::shared_ptr<const net::PasswordFile> file;
  std::string user;
  std::vector<char> password;  ///< Nowhere else in this object, however it is moved.
  std::shared_ptr<const std::atomic<bool>> is_abandoned;  ///< Nobody waits any more.

  LoginJob() = default;
  LoginJob(LoginJob&&) = default;
  LoginJob& operator=(LoginJob&&) = default;
  ~LoginJob();
};

/// The thread that computes hashes, as workers see it.
class LoginChecker {
 public:
  /// Any thread; returns at once. False: as many wait as may, or there is no such thread.
  virtual bool submit(LoginJob job) = 0;

 protected:
  ~LoginChecker() = default;
};

/// How long it is known that a password is good, or that it is not.
inline constexpr Millis kKnownGood{60'000};
inline constexpr Millis kKnownBad{5'000};

class LoginDesk {
 public:
  enum class Answer : std::uint8_t { good, bad, waits, full };
  static constexpr std::size_t kMaxKnown = 4096;

  /// `checker`: null: there is none, and whatever is not known is full. `key`: secret, drawn at
  /// random, one for the process.
  LoginDesk(std::uint32_t worker, LoginChecker* checker, const net::Mac& key)
      : worker_(worker), checker_(checker), key_(key) {}

  struct Login {
    const std::shared_ptr<const net::PasswordFile>& file;
    std::string_view user;
    std::string_view password;
  };
  /// waits: waiter.on_checked() follows, unless forget() is called.
  Answer ask(LoginWaiter& waiter, const Login& login, Mono now);
  /// The waiter does not wait any more.
  void forget(LoginWaiter& waiter);
  /// The checker's answer has come.
  void on_checked(std::uint64_t ticket, bool is_good, Mono now);

 private:
  struct Pending {
    LoginWaiter* waiter;
    net::Mac::Tag tag;
    std::shared_ptr<std::atomic<bool>> is_abandoned;
  };

  const std::uint32_t worker_;
  LoginChecker* const checker_;
  const net::Mac key_;
  ExpiringMap<bool> known_{kMaxKnown};
  std::unordered_map<std::uint64_t, Pending> pending_;  ///< By ticket.
  std::uint64_t tickets_ = 0;
};

}  // namespace teal::proxy
