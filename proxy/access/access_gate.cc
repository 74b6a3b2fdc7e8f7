#include "proxy/access/access_gate.h"

#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "net/http/grpc.h"
#include "proxy/access/auth_request.h"
#include "proxy/headers/edits.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/policy/basic_credentials.h"

namespace teal::proxy {
namespace {

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

/// How long a request waits for the check of its password.
constexpr Millis kCheckLimit{5'000};

/// The one Authorization of a request; empty: there is none. Of two a target might believe the
/// other one: they are none.
std::string_view authorization_of(const net::Fields& fields) {
  std::string_view value;
  int count = 0;
  for (const net::Field& field : fields) {
    if (!net::iequals(fields.name(field), "authorization")) continue;
    value = fields.value(field);
    ++count;
  }
  return count == 1 ? value : std::string_view();
}

LocalReply unauthorized(const config::BasicAuth& basic) {
  LocalReply reply{401, "a name and a password are needed here", Termination::unauthorized};
  reply.content = {kPlainText,
                   "www-authenticate: Basic realm=\"" + basic.realm + "\", charset=\"UTF-8\"\r\n",
                   false, true};
  return reply;
}

LocalReply unchecked(std::string_view text) {
  LocalReply reply{503, text, Termination::unchecked};
  reply.content = {kPlainText, "retry-after: 1\r\n", false, true};
  return reply;
}

}  // namespace

std::unique_ptr<Gate> make_gate(WorkerLoop& loop, Gate::Done done, void* owner) {
  return std::make_unique<AccessGate>(loop, done, owner);
}

Gate::State AccessGate::ask(const Asked& asked) {
  TEAL_ASSERT(state_ != State::waits);
  route_ = &asked.route;
  request_ = &asked.request;
  state_ = State::waits;
  client_ends_ = asked.client_ends;
  cache_key_.reset();
  fields_.clear();
  reply_.reset();
  ask_for_password();
  return state_;
}

Millis AccessGate::time_limit() const {
  return waits_for_check_ ? kCheckLimit : Millis{0};
}

void AccessGate::on_late() {
  TEAL_ASSERT(waits_for_check_);
  cancel();
  refuse(unchecked("the password could not be checked in time, try again"),
         Stat::access_checks_late);
}

void AccessGate::cancel() {
  if (std::exchange(waits_for_check_, false)) loop_.logins().forget(*this);
  if (call_) call_->cancel();
  if (state_ == State::waits) state_ = State::refused;
}

LocalReply AccessGate::take_reply() {
  TEAL_ASSERT(reply_);
  LocalReply reply = *std::move(reply_);
  reply_.reset();
  return reply;
}

void AccessGate::put_fields(Request& request) const {
  if (fields_.empty()) return;
  config::HeaderEdits edits;
  edits.set = fields_;
  edit_head(request.head, edits, request.bytes);
}

void AccessGate::add_to_census(CensusTaker& census) const {
  if (call_) call_->add_to_census(census);
}

void AccessGate::refuse(LocalReply reply, Stat why) {
  loop_.counters()[why].add();
  reply_ = std::move(reply);
  state_ = State::refused;
}

// ---- the password -------------------------------------------------------------------------------

void AccessGate::ask_for_password() {
  const RouteGate& gate = *route_->gate();
  if (!gate.actions->basic_auth) {
    ask_service();
    return;
  }
  const std::string_view said = authorization_of(request_->head.fields);
  const auto login = parse_basic_credentials(said);
  if (!login || !gate.passwords) {
    refuse(unauthorized(*gate.actions->basic_auth),
           said.empty() ? Stat::access_no_password : Stat::access_wrong_password);
    return;
  }
  const LoginDesk::Answer answer =
      loop_.logins().ask(*this, {gate.passwords, login->user, login->password}, loop_.now());
  switch (answer) {
    case LoginDesk::Answer::waits:
      loop_.counters()[Stat::passwords_by_hash].add();
      waits_for_check_ = true;
      return;
    case LoginDesk::Answer::full:
      refuse(unchecked("too many passwords wait for their check, try again"),
             Stat::access_checks_full);
      return;
    case LoginDesk::Answer::good:
    case LoginDesk::Answer::bad:
      loop_.counters()[Stat::passwords_by_cache].add();
      take_verdict(answer == LoginDesk::Answer::good);
      return;
  }
}

void AccessGate::on_checked(bool is_good) {
  waits_for_check_ = false;
  take_verdict(is_good);
  // Also where it waits for something else now, which has another time.
  done_(owner_);
}

void AccessGate::take_verdict(bool is_good) {
  if (is_good)
    ask_service();
  else
    refuse(unauthorized(*route_->gate()->actions->basic_auth), Stat::access_wrong_password);
}

// ---- the other service --------------------------------------------------------------------------

void AccessGate::ask_service() {
  const RouteGate& gate = *route_->gate();
  if (!gate.actions->forward_auth) {
    state_ = State::passed;
    return;
  }
  cache_key_ = auth_cache_key(*request_, gate, loop_.shared().login_key);
  if (cache_key_) {
    if (const auto* const known = loop_.auths().find(*cache_key_, loop_.now())) {
      loop_.counters()[Stat::auths_by_cache].add();
      fields_ = *known;
      state_ = State::passed;
      return;
    }
  }
  loop_.counters()[Stat::auths_by_service].add();
  if (!call_)
    call_ = std::make_unique<AuthCall>(
        loop_, [](void* self) { static_cast<AccessGate*>(self)->on_answer(); }, this);
  call_->begin(*route_, *request_, client_ends_);
  take_answer();
}

void AccessGate::on_answer() {
  take_answer();
  done_(owner_);
}

void AccessGate::take_answer() {
  switch (call_->state()) {
    case AuthCall::State::waits: return;
    case AuthCall::State::passed: {
      fields_ = call_->take_fields();
      state_ = State::passed;
      const auto& cache = route_->gate()->actions->forward_auth->cache;
      if (cache_key_ && is_worth_keeping(fields_))
        loop_.auths().put(*cache_key_, fields_, loop_.now() + cache->period);
      return;
    }
    case AuthCall::State::refused:
      refuse(call_->take_reply(net::is_grpc(request_->head)), Stat::access_auth_refused);
      return;
    case AuthCall::State::failed:
      refuse(call_->take_reply(false), Stat::access_auth_failed);
      return;
  }
}

}  // namespace teal::proxy
