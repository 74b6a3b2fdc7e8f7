// The two sides of a simulated request: a client and a target that write down, byte by byte, what
// an exchange sends them. A target answers as it was given to, when it is told to.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/rng.h"
#include "net/http1/parser.h"
#include "proxy/exchange/client_side.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/target_side.h"

namespace teal::sim {

/// What one request has met.
using Trace = std::string;

class SimClient final : public proxy::ClientSide {
 public:
  SimClient(Trace& trace, std::string address) : trace_(trace), address_(std::move(address)) {}

  bool is_done() const { return is_done_; }
  /// That it was given; empty: none.
  const std::string& cookie() const { return cookie_; }

  void send_continue() override { trace_ += "< continue\n"; }
  void send_interim(const net::ResponseHead& head) override {
    trace_ += "< interim " + std::to_string(head.status) + '\n';
  }
  void send_head(const net::ResponseHead& head, const proxy::ResponseStyle& style) override {
    ByteBuffer bytes;
    proxy::append_response_head(bytes, head, style);
    cookie_ = style.set_cookie.substr(0, style.set_cookie.find(';'));
    trace_.append("< ").append(bytes.view());
  }
  void send_switched(net::ResponseHead& /*head*/, const proxy::ResponseStyle& style) override {
    trace_.append("< switched to ").append(style.upgrade) += '\n';
  }
  std::size_t send_local_reply(std::uint16_t status, std::string_view text,
                               const proxy::ResponseStyle& style, bool head_request) override {
    ByteBuffer bytes;
    const std::size_t size = proxy::append_local_reply(bytes, status, text, style, head_request);
    trace_.append("< own ").append(bytes.view()) += '\n';
    return size;
  }
  void send_body(std::string_view bytes) override {
    trace_ += "< body " + std::to_string(bytes.size()) + '\n';
  }
  void send_end(const net::Fields& /*trailers*/) override { trace_ += "< end\n"; }
  void send_truncated() override { trace_ += "< cut\n"; }
  bool is_output_blocked() const override { return false; }
  void resume_request() override {}
  std::optional<net::ProxyAddresses> client_ends() const override {
    const auto ip = parse_ip(address_);
    if (!ip || !is_ip4(*ip)) return std::nullopt;
    return net::ProxyAddresses{{Address::Kind::ip4, address_, 40'000},
                               {Address::Kind::ip4, "10.0.0.1", 80}};
  }
  void on_exchange_done() override { is_done_ = true; }

 private:
  Trace& trace_;
  std::string address_;
  std::string cookie_;
  bool is_done_ = false;
};

/// A connection that is there at once and carries one request.
class SimTarget final : public proxy::TargetSide {
 public:
  SimTarget(Trace& trace, proxy::Exchange& exchange, net::Method method, std::uint64_t seed)
      : trace_(trace), exchange_(exchange), method_(method), seed_(seed) {}

  /// It has a request and has not answered.
  bool is_asked() const { return is_asked_ && !is_over_; }
  void answer();

  bool is_connected() const override { return true; }
  bool takes_upgrade(const net::RequestHead& /*head*/,
                     const proxy::UpgradeStyle& /*upgrade*/) const override {
    return true;
  }
  void send_head(const net::RequestHead& head, const proxy::RequestStyle& style) override {
    ByteBuffer bytes;
    proxy::append_request_head(bytes, head, style);
    trace_.append("> ").append(bytes.view());
    is_asked_ = true;
  }
  void send_body(std::string_view bytes) override {
    trace_ += "> body " + std::to_string(bytes.size()) + '\n';
  }
  void send_end(const net::Fields& /*trailers*/) override { trace_ += "> end\n"; }
  void begin_tunnel() override {}
  bool is_blocked() const override { return false; }
  bool is_drained() const override { return true; }
  void pause() override {}
  void unpause() override {}
  bool is_kept() const override { return false; }
  bool is_sent() const override { return is_asked_; }
  bool has_response_begun() const override { return has_begun_; }
  void release() override { is_over_ = true; }
  void discard() override { is_over_ = true; }
  void abandon() override { is_over_ = true; }

 private:
  Trace& trace_;
  proxy::Exchange& exchange_;
  const net::Method method_;
  const std::uint64_t seed_;
  bool is_asked_ = false;
  bool has_begun_ = false;
  bool is_over_ = false;
};

}  // namespace teal::sim
