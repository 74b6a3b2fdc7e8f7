#include "proxy/downstream/downstream.h"

#include <algorithm>
#include <utility>

#include "proxy/downstream/connection_registry.h"
#include "proxy/downstream/http1.h"
#include "proxy/downstream/proxy_header_reader.h"
#include "proxy/downstream/tls_handshake.h"
#include "proxy/routing/route_answer.h"

namespace teal::proxy {
namespace {

/// Of what is only thrown away.
constexpr std::size_t kLingerRead = 16 * 1024;

}  // namespace

Downstream::Downstream(ConnectionRegistry& registry, AcceptedConnection accepted,
                       net::Timer::Fire fire)
    : Channel(registry.loop(), net::Stream(std::move(accepted.socket))),
      registry_(registry),
      listener_(accepted.listener),
      timeouts_(spec().timeouts),
      peer_address_(std::move(accepted.peer_address)),
      peer_port_(accepted.peer_port),
      is_trusted_(is_trusted()),
      permit_(std::move(accepted.permit)),
      timer_(fire, this) {}

Downstream::Downstream(Downstream& from, net::Timer::Fire fire)
    : Channel(from.loop_, from.release_stream()),
      registry_(from.registry_),
      listener_(from.listener_),
      timeouts_(from.timeouts_),
      peer_address_(std::move(from.peer_address_)),
      peer_port_(from.peer_port_),
      is_trusted_(from.is_trusted_),
      permit_(std::move(from.permit_)),
      destination_(std::move(from.destination_)),
      stash_(std::move(from.stash_)),
      timer_(fire, this) {
  from.phase_ = Phase::closed;
  from.timer_.cancel();
  registry_.replaced(from, *this);
}

Downstream::~Downstream() = default;

void Downstream::open(ConnectionRegistry& registry, AcceptedConnection accepted) {
  WorkerLoop& loop = registry.loop();
  boost::intrusive_ptr<Downstream> opened;
  const ListenerId listener = accepted.listener;
  const ListenerView& view = loop.routes().listener(listener);
  if (ProxyHeaderReader::is_expected(*view.spec, accepted.peer_address)) {
    opened = ProxyHeaderReader::make(registry, std::move(accepted));
  } else if (view.tls) {
    opened = TlsHandshake::make(registry, std::move(accepted));
  } else {
    opened = Http1Downstream::make(registry, std::move(accepted));
  }
  registry.opened(*opened, listener);
  opened->start();
}

void Downstream::go_on_greeted(Downstream& from) {
  if (from.loop_.routes().listener(from.listener_).tls) {
    TlsHandshake::take_over(from);
  } else {
    Http1Downstream::take_over(from);
  }
}

bool Downstream::is_trusted() const {
  const std::vector<Cidr>& trusted = spec().trusted_proxies;
  if (trusted.empty()) return false;
  const auto ip = parse_ip(peer_address_);
  return ip.has_value() && any_contains(trusted, *ip);
}

bool Downstream::take_ends(net::ProxyAddresses ends) {
  peer_address_ = std::move(ends.source.host);
  peer_port_ = ends.source.port;
  is_trusted_ = is_trusted();
  destination_ = std::make_unique<Address>(std::move(ends.destination));
  ClientConnectionLimiter* const limiter = loop_.routes().listener(listener_).clients;
  if (limiter == nullptr) return true;
  permit_ = limiter->take(client_key(peer_address_));
  if (!permit_) stats()[ListenerStat::clients_refused].add();
  return static_cast<bool>(permit_);
}

std::optional<net::ProxyAddresses> Downstream::ends() const {
  if (peer_address_.empty()) return std::nullopt;
  const bool is_ip6 = peer_address_.find(':') != std::string::npos;
  net::ProxyAddresses ends{
      {is_ip6 ? Address::Kind::ip6 : Address::Kind::ip4, peer_address_, peer_port_},
      destination_ ? *destination_ : net::local_address(stream_.socket())};
  if (ends.source.kind != ends.destination.kind) return std::nullopt;
  return ends;
}

bool Downstream::start() {
  if (watch()) return true;
  close();
  return false;
}

ListenerShard& Downstream::stats() const {
  return loop_.counters().listener(listener_);
}

std::uint32_t Downstream::requests_limit() const {
  const bool is_gone = loop_.routes().listener(listener_).is_gone;
  return is_gone ? 1 : spec().limits.requests_per_connection;
}

const config::Listener& Downstream::spec() const {
  return *loop_.routes().listener(listener_).spec;
}

Peer Downstream::peer() const {
  Peer peer{.address = peer_address_, .trusted = is_trusted_};
  if (const net::TlsSession* tls = stream_.tls()) {
    peer.secure = true;
    peer.identity = tls->identity();
  }
  return peer;
}

bool Downstream::has_local_replies() const {
  if (const net::TlsSession* tls = stream_.tls()) return tls->server()->has_policies();
  return spec().redirect_https.has_value();
}

std::optional<Downstream::LocalReply> Downstream::local_reply(const net::RequestHead& head) {
  const std::string_view authority = head.text(head.authority);
  if (const net::TlsSession* tls = stream_.tls()) {
    // RFC 9110, section 15.5.20: the name of the handshake decided what the client had to show, so
    // a Host with other rules is not for this connection.
    std::string buffer;
    const std::string_view host = normalise_host(authority, buffer);
    if (tls->server()->policy_of(host) == tls->policy()) return std::nullopt;
    loop_.counters()[Stat::misdirected].add();
    return LocalReply{421,
                      "this host has other rules for clients: connect by its own name",
                      Termination::misdirected,
                      {}};
  }
  const config::HttpsRedirect& redirect = *spec().redirect_https;
  stats()[ListenerStat::redirects].add();
  if (authority.empty())
    return LocalReply{400,
                      "only HTTPS is served here, and the request names no host",
                      Termination::redirected,
                      {}};
  config::Redirect to;
  to.scheme = "https";
  to.port = redirect.port;
  return LocalReply{redirect.status, "this is served by HTTPS only", Termination::redirected,
                    redirect_location(to, {}, {authority, head.text(head.target)})};
}

std::string_view Downstream::error_page(const LocalReply& answer, LocalReplyContent& content,
                                        ResponseStyle& style) const {
  if (answer.status < 400) return answer.text;
  const ErrorPage* const page =
      find_page(*loop_.routes().listener(listener_).error_pages, answer.status);
  if (page == nullptr) return answer.text;
  content.content_type = page->content_type;
  style.own = &content;
  style.framing.length = page->body->size();
  return *page->body;
}

void Downstream::log_own(Sent sent, Termination termination, std::string_view detail,
                         const net::RequestHead* head) {
  AccessRecord record;
  if (head != nullptr) {
    record.method = head->text(head->method_text);
    record.target = head->text(head->target);
    record.host = head->text(head->authority);
    record.protocol = net::protocol_name(head->minor_version);
    record.user_agent = head->fields.get(net::HeaderId::user_agent);
    record.referer = head->fields.get(net::HeaderId::referer);
  }
  record.at = loop_.wall();
  record.client = peer_address_;
  record.status = sent.status;
  record.bytes_sent = sent.body_bytes;
  record.termination = termination;
  record.origin = "teal";
  record.detail = detail;
  loop_.access_log().append(record);
}

void Downstream::count_input_failure() {
  if (stream_.tls() == nullptr) return;
  const net::TlsFailure why = stream_.tls()->failure();
  if (why != net::TlsFailure::none && why != net::TlsFailure::closed)
    stats().tls_failures[why].add();
}

void Downstream::end_connection(Ending ending) {
  phase_ = Phase::closing;
  ending_ = ending;
  // A client that takes nothing more must not keep the connection for ever.
  loop_.wheel().set(timer_, loop_.now() + timeouts_.keep_alive);
  loop_.resume_soon(*this);  // after the present output has left
}

void Downstream::try_to_end() {
  if (is_blocked()) return;
  if (ending_ == Ending::linger || ending_ == Ending::brief_linger) {
    phase_ = Phase::lingering;
    free_memory(stash_);
    stream_.finish_writing();
    lingering_.begin(loop_.now());
    loop_.wheel().set(timer_, lingering_.end(linger_bounds()));
    linger();
    return;
  }
  if (ending_ == Ending::reset) stream_.reset_on_close();
  close();
}

void Downstream::linger() {
  int reads = 0;
  while (phase_ == Phase::lingering && may_read()) {
    if (++reads > kReadsPerTurn) {
      loop_.resume_next_turn(*this);
      return;
    }
    const net::ReadResult got = read_behind({}, kLingerRead);
    if (got.size > 0) lingering_.note(got.size, loop_.now());
    if (got.error != 0) count_input_failure();
    if (got.error != 0 || got.eof || lingering_.is_over(linger_bounds(), loop_.now())) close();
  }
  if (reads > 0 && phase_ == Phase::lingering)
    loop_.wheel().set(timer_, lingering_.end(linger_bounds()));
}

const Linger::Bounds& Downstream::linger_bounds() const {
  const bool is_brief = ending_ == Ending::brief_linger || loop_.overload() != OverloadLevel::none;
  return is_brief ? Linger::kBrief : Linger::kUsual;
}

void Downstream::shorten_idle() {
  if (phase_ == Phase::lingering) loop_.wheel().set(timer_, lingering_.end(linger_bounds()));
}

void Downstream::close() {
  if (std::exchange(phase_, Phase::closed) == Phase::closed) return;
  timer_.cancel();
  const boost::intrusive_ptr<Downstream> alive(this);
  registry_.closed(*this, listener_);
  close_channel();
}

}  // namespace teal::proxy
