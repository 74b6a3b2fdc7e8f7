// AccessGate: what `basic_auth` and `forward_auth` of a route ask of one request: first a name and
// a password that the route's file of users has, then the word of another service (ADR 0031).
//
// Part of one exchange, on its worker's thread. What has to be computed is computed elsewhere
// (loop/login_desk.h), and another service is asked as a target is (auth_call.h): nothing here
// stands still.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "proxy/access/auth_call.h"
#include "proxy/loop/login_desk.h"
#include "proxy/request/gate.h"

namespace teal::proxy {

class WorkerLoop;

class AccessGate final : public Gate, LoginWaiter {
 public:
  AccessGate(WorkerLoop& loop, Done done, void* owner) : loop_(loop), done_(done), owner_(owner) {}
  ~AccessGate() override { cancel(); }
  AccessGate(const AccessGate&) = delete;
  AccessGate& operator=(const AccessGate&) = delete;

  State ask(const Asked& asked) override;
  State state() const override { return state_; }
  Millis time_limit() const override;
  void on_late() override;
  void cancel() override;
  LocalReply take_reply() override;
  void put_fields(Request& request) const override;
  void add_to_census(CensusTaker& census) const override;

 private:
  // LoginWaiter
  void on_checked(bool is_good) override;

  void ask_for_password();
  void take_verdict(bool is_good);
  void refuse(LocalReply reply, Stat why);
  void ask_service();
  void on_answer();
  void take_answer();

  WorkerLoop& loop_;
  const Done done_;
  void* const owner_;
  const RoutePin* route_ = nullptr;  ///< Of the request; null: there is none.
  Request* request_ = nullptr;
  State state_ = State::passed;
  bool waits_for_check_ = false;
  std::optional<net::ProxyAddresses> client_ends_;
  std::unique_ptr<AuthCall> call_;  ///< Null: no service was asked yet.
  std::optional<net::Mac::Tag>
      cache_key_;  ///< What the answer will be known by; nothing: by nothing.
  std::vector<config::NamedValue> fields_;  ///< With which the request goes on.
  std::optional<LocalReply> reply_;
};

}  // namespace teal::proxy
