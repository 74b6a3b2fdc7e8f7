// The part of Exchange that deals with fields which few requests have: names that other readers
// take for Teal's own, a Via or Max-Forwards by which a way ends, an Expect, and trailers, which
// would go round everything that is done to a head.
#include <algorithm>
#include <string>

#include "proxy/exchange/exchange.h"
#include "proxy/headers/edits.h"
#include "proxy/headers/max_forwards.h"
#include "proxy/headers/odd_names.h"
#include "proxy/headers/trailers.h"
#include "proxy/loop/worker_loop.h"

namespace teal::proxy {

using net::HeaderId;

namespace {

/// What is allowed here (RFC 9110, section 10.2.1): any method but those of net::is_unwelcome().
constexpr std::string_view kAllow = "allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";

}  // namespace

bool Exchange::settle_head() {
  if (request_.head.fields.has_odd_names() && !settle_names()) {
    reply_without_route();
    return false;
  }
  if (request_.head.fields.has(HeaderId::via) && !settle_via()) return false;
  return !request_.head.fields.has(HeaderId::max_forwards) || settle_max_forwards();
}

bool Exchange::settle_via() {
  if (loop_.shared().hop.passes(request_.head.fields) <= kMostPasses) return true;
  loop_.counters()[Stat::requests_looped].add();
  reply(508, "the request goes round in a loop: its Via says that it was here several times",
        Termination::loop);
  return false;
}

bool Exchange::settle_max_forwards() {
  if (request_.head.method != net::Method::options) return true;
  switch (count_down_max_forwards(request_.head.fields, request_.bytes.data())) {
    case MaxForwards::goes_on: return true;
    case MaxForwards::malformed:
      response_.last_rule = net::Refusal::max_forwards_malformed;
      reply_without_route();
      return false;
    case MaxForwards::ends_here: break;
  }
  const LocalReplyContent content{.content_type = {}, .lines = kAllow};
  reply(200, {}, Termination::responded, &content);
  return false;
}

void Exchange::await_continue() {
  if (!expectation_.is_asked()) {
    on_continue_timeout();
    return;
  }
  // Its own time for the body must not run out meanwhile.
  const Millis idle = request_body_idle();
  set_deadline(idle.count() > 0 ? std::clamp(idle / 2, Millis{1}, Expectation::kWait)
                                : Expectation::kWait);
}

void Exchange::on_continue() {
  if (expectation_.is_in_doubt()) target_->continues.answered();
  if (expectation_.take_continue()) send_continue(ServiceStat::continue_by_target);
}

/// From now on the client has its time for the body.
void Exchange::send_continue(ServiceStat by) {
  count(by);
  client_->send_continue();
  set_deadline(timeouts().stream_idle);
  client_->resume_request();
}

/// The target is silent, or known to be so.
void Exchange::on_continue_timeout() {
  // Not one that did not even take the head yet.
  if (expectation_.is_asked() && !is_upload_blocked())
    target_->continues.was_silent(expectation_.asked_at(), loop_.now());
  if (expectation_.take_word()) send_continue(ServiceStat::continue_by_teal);
}

/// Or its end, where a word was waited for.
void Exchange::take_unasked_body() {
  if (expectation_.take_body(loop_.now()))
    target_->continues.was_silent(expectation_.asked_at(), loop_.now());
}

void Exchange::take_answer(const net::ResponseHead& head) {
  const bool came_instead = expectation_.take_answer(head.minor_version != net::kHttp2);
  // One of HTTP/1.0 does not know what it was asked.
  if (came_instead && head.minor_version > 0) target_->continues.answered();
  client_->resume_request();  // No time for the body runs any more.
}

bool Exchange::settle_names() {
  const OddNames odd = take_out_odd_names(request_.head.fields, listener().underscores);
  loop_.counters()[Stat::fields_twin].add(odd.twins);
  loop_.counters()[Stat::fields_underscored].add(odd.underscored);
  if (odd.is_refused) response_.last_rule = net::Refusal::field_name_underscored;
  return !odd.is_refused;
}

bool Exchange::settle_hop() {
  if (request_.head.fields.has(HeaderId::trailer) && !takes_trailers())
    request_.head.fields.remove_if(
        [](const net::Field& field) { return field.id == HeaderId::trailer; });
  const bool asks =
      request_.head.fields.has(HeaderId::upgrade) || request_.head.is_extended_connect();
  return !asks || choose_upgrade();
}

/// To the target. Few applications know what to do with them, and some merge them into the head.
bool Exchange::takes_trailers() const {
  return grpc_.is_call() || (actions() != nullptr && actions()->passes_request_trailers);
}

Exchange::ConnectionOptions& Exchange::options() {
  if (!options_) options_ = std::make_unique<ConnectionOptions>();
  return *options_;
}

/// Before the head is edited: an edited one says nothing of it any more.
void Exchange::note_options(const net::Fields& fields, std::string& options) {
  for (const net::Field& field : fields) {
    if (field.id != HeaderId::connection) continue;
    if (!options.empty()) options += ',';
    options += fields.value(field);
  }
}

/// False: they are refused, and the exchange is over.
bool Exchange::send_trailers(const net::Fields& trailers) {
  Shard& counters = loop_.counters();
  net::Fields picked;
  if (takes_trailers()) {
    const bool is_noted = options_ && !options_->of_request.empty();
    const HeadSurvey survey =
        is_noted ? HeadSurvey(options_->of_request)
                 : HeadSurvey(request_.head.fields, request_.head.connection_names);
    pick_trailers(trailers, survey, actions() == nullptr ? nullptr : &actions()->request_headers,
                  picked);
    if (take_out_odd_names(picked, listener().underscores).is_refused) {
      counters.refused(net::Refusal::field_name_underscored).add();
      on_request_refused(net::Refusal::field_name_underscored);
      return false;
    }
  }
  counters[Stat::request_trailers].add(trailers.size() - picked.size());
  if (!picked.empty()) replay_.spoil();
  upstream_->send_end(picked);
  return true;
}

void Exchange::answer_trailers(const net::Fields& trailers) {
  net::Fields picked;
  const HeadSurvey survey(options_ ? std::string_view(options_->of_response) : std::string_view());
  pick_trailers(trailers, survey, actions() == nullptr ? nullptr : &actions()->response_headers,
                picked);
  client_->send_end(picked);
}

}  // namespace teal::proxy
