#include "proxy/access/auth_call.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/assert.h"
#include "net/http1/parser.h"
#include "proxy/access/auth_request.h"
#include "proxy/exchange/exchange.h"
#include "proxy/headers/hop_by_hop.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {
namespace {

using net::HeaderId;

/// What a listener takes of a client, and what is added to it.
constexpr net::Http1Limits kLimits{.start_line_bytes = std::uint32_t{2} << 20U,
                                   .head_bytes = std::uint32_t{4} << 20U,
                                   .fields = 11'000};

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

constexpr bool is_good(std::uint16_t status) {
  return status >= 200 && status < 300;
}

std::string_view why(std::uint16_t status) {
  switch (status) {
    case 503: return "the service that lets requests in has nobody to ask, try again";
    case 504: return "the service that lets requests in did not answer in time";
    default: return "the service that lets requests in gave no answer that can be used";
  }
}

}  // namespace

AuthCall::AuthCall(WorkerLoop& loop, Done done, void* owner)
    : loop_(loop),
      done_(done),
      owner_(owner),
      exchange_(std::make_unique<Exchange>(loop)),
      end_timer_([](void* self) { static_cast<AuthCall*>(self)->end(); }, this) {}

AuthCall::~AuthCall() {
  cancel();
}

void AuthCall::begin(const RoutePin& route, const Request& request,
                     const std::optional<net::ProxyAddresses>& client_ends) {
  TEAL_ASSERT(!is_running_);
  const RouteGate& gate = *route.gate();
  copied_ = &gate.actions->forward_auth->copy_response_headers;
  client_ends_ = client_ends;
  is_whole_ = is_too_long_ = false;
  status_ = failed_ = 0;
  fields_.clear();
  content_type_.clear();
  lines_.clear();
  body_.clear();
  state_ = State::failed;
  if (!gate.call) {
    failed_ = 503;
    return;
  }
  const std::string text = make_auth_request(request, *gate.actions);
  net::RequestParser parser(kLimits);
  // What one codec takes is written for the other: should that be refused, nobody is let in.
  if (parser.next(text).event != net::ParseEvent::head) return;
  ClientInfo info = request.info;
  info.is_http10 = info.has_body_begun = false;
  info.keep_alive = true;
  info.max_read = kMaxBody;
  state_ = State::waits;
  is_running_ = is_called_ = true;
  exchange_->begin_call(*this, info, parser.head(), {route, *gate.call, request.ids});
  is_called_ = false;
}

void AuthCall::cancel() {
  if (!is_running_) return;
  is_called_ = true;
  exchange_->on_client_gone();
  is_called_ = false;
  state_ = State::failed;
}

LocalReply AuthCall::take_reply(bool is_bare) {
  if (state_ == State::failed) {
    const std::uint16_t status = failed_ >= 502 && failed_ <= 504 ? failed_ : std::uint16_t{502};
    LocalReply reply{status, why(status), Termination::auth_failed};
    if (status == 503) reply.content = {kPlainText, "retry-after: 1\r\n", false, true};
    return reply;
  }
  LocalReply reply{status_, {}, Termination::auth_refused};
  if (is_bare) {
    reply.text = "the service that lets requests in refuses this one";
    return reply;
  }
  reply.made_text = std::move(body_);
  reply.content = {content_type_, std::move(lines_), true, false};
  return reply;
}

void AuthCall::add_to_census(CensusTaker& census) const {
  if (is_running_) exchange_->add_to_census(census);
}

// ---- the answer ---------------------------------------------------------------------------------

void AuthCall::send_head(const net::ResponseHead& head, const ResponseStyle& style) {
  status_ = head.status;
  if (style.framing.kind == net::Framing::Kind::length && style.framing.length > kMaxBody)
    give_up_soon();
  if (is_good(head.status))
    take_copies(head);
  else
    take_lines(head);
}

void AuthCall::take_copies(const net::ResponseHead& head) {
  for (const net::Field& field : head.fields) {
    const std::string_view name = head.fields.name(field);
    const auto is_name = [name](const std::string& each) { return net::iequals(name, each); };
    const auto copied = std::ranges::find_if(*copied_, is_name);
    if (copied != copied_->end())
      fields_.push_back({*copied, std::string(head.fields.value(field))});
  }
}

/// What of its head goes to the client. A reply of Teal's own says the rest: its length, its date,
/// whose it is.
void AuthCall::take_lines(const net::ResponseHead& head) {
  const ConnectionNames connection{head.fields, head.connection_names};
  bool says_how_to_keep = false;
  for (const net::Field& field : head.fields) {
    const std::string_view name = head.fields.name(field);
    const std::string_view value = head.fields.value(field);
    if (is_hop_by_hop(field.id) || field.id == HeaderId::date || field.id == HeaderId::server ||
        field.id == HeaderId::x_request_id ||
        (field.id == HeaderId::other && connection.names(name)) || net::iequals(name, "trailer"))
      continue;
    if (net::iequals(name, "content-type")) {
      content_type_ = value;
      continue;
    }
    says_how_to_keep = says_how_to_keep || net::iequals(name, "cache-control");
    lines_.append(to_lower_copy(name)).append(": ").append(value).append("\r\n");
  }
  if (!says_how_to_keep) lines_ += "cache-control: no-store\r\n";
}

void AuthCall::send_switched(net::ResponseHead& /*head*/, const ResponseStyle& /*style*/) {
  TEAL_ASSERT(false);  // Nothing was asked to be changed.
}

std::size_t AuthCall::send_local_reply(std::uint16_t status, std::string_view /*text*/,
                                       const ResponseStyle& /*style*/, bool /*head_request*/) {
  failed_ = status;
  return 0;
}

void AuthCall::send_body(std::string_view bytes) {
  if (is_too_long_) return;
  if (body_.size() + bytes.size() > kMaxBody)
    give_up_soon();
  else
    body_ += bytes;
}

/// Its exchange is in the midst of the answer, and must not end there.
void AuthCall::give_up_soon() {
  is_too_long_ = true;
  loop_.wheel().set(end_timer_, loop_.now());
}

void AuthCall::end() {
  if (is_running_) exchange_->on_client_gone();
}

AuthCall::State AuthCall::outcome() const {
  if (failed_ != 0 || status_ == 0 || !is_whole_ || is_too_long_) return State::failed;
  return is_good(status_) ? State::passed : State::refused;
}

void AuthCall::on_exchange_done() {
  is_running_ = false;
  end_timer_.cancel();
  state_ = outcome();
  if (!is_called_) done_(owner_);
}

}  // namespace teal::proxy
