// FakeClient and FakeTarget: the two sides of an exchange, for unit tests: they write down what
// they are asked to do, one line for each call, and do nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/exchange/client_side.h"
#include "proxy/exchange/target_side.h"

namespace teal::proxy {

/// What a side was asked to do.
class Calls {
 public:
  void add(std::string call) { calls_.push_back(std::move(call)); }
  /// Since it was last asked.
  std::vector<std::string> take() { return std::exchange(calls_, {}); }

 private:
  std::vector<std::string> calls_;
};

class FakeClient final : public ClientSide {
 public:
  Calls calls;
  bool is_blocked = false;
  bool is_done = false;

  void send_continue() override { calls.add("continue"); }
  void send_interim(const net::ResponseHead& head) override {
    calls.add("interim " + std::to_string(head.status));
  }
  void send_head(const net::ResponseHead& head, const ResponseStyle& style) override {
    calls.add("head " + std::to_string(head.status) + (style.close ? " close" : "") +
              (style.shield.empty() ? "" : " shielded: " + std::string(style.shield)) +
              (style.set_cookie.empty() ? "" : " with a cookie"));
  }
  void send_switched(net::ResponseHead& head, const ResponseStyle& style) override {
    calls.add("switched " + std::to_string(head.status) + " " + std::string(style.upgrade));
  }
  std::size_t send_local_reply(std::uint16_t status, std::string_view text,
                               const ResponseStyle& style, bool /*head_request*/) override {
    calls.add("reply " + std::to_string(status) + (style.close ? " close: " : ": ") +
              std::string(text));
    return text.size();
  }
  void send_body(std::string_view bytes) override { calls.add("body " + std::string(bytes)); }
  void send_end(const net::Fields& trailers) override {
    calls.add(trailers.empty() ? "end" : "end with trailers");
  }
  void send_truncated() override { calls.add("truncated"); }
  bool is_output_blocked() const override { return is_blocked; }
  void resume_request() override { calls.add("resume"); }
  std::optional<net::ProxyAddresses> client_ends() const override { return std::nullopt; }
  void on_exchange_done() override { is_done = true; }
};

class FakeTarget final : public TargetSide {
 public:
  Calls calls;
  bool connected = true;
  bool full = false;
  bool upgrades = true;
  bool blocked = false;
  bool drained = true;
  bool kept = false;
  bool sent = true;
  bool response_begun = false;

  bool is_connected() const override { return connected; }
  bool is_full() const override { return full; }
  bool takes_upgrade(const net::RequestHead& /*head*/,
                     const UpgradeStyle& /*upgrade*/) const override {
    return upgrades;
  }
  void send_head(const net::RequestHead& head, const RequestStyle& style) override {
    calls.add("head " + std::string(head.text(head.target)) +
              (style.asks_for_continue ? " expects" : ""));
  }
  void send_body(std::string_view bytes) override { calls.add("body " + std::string(bytes)); }
  void send_end(const net::Fields& trailers) override {
    calls.add(trailers.empty() ? "end" : "end with trailers");
  }
  void begin_tunnel() override { calls.add("tunnel"); }
  bool is_blocked() const override { return blocked; }
  bool is_drained() const override { return drained; }
  void pause() override { calls.add("pause"); }
  void unpause() override { calls.add("unpause"); }
  bool is_kept() const override { return kept; }
  bool is_sent() const override { return sent; }
  bool has_response_begun() const override { return response_begun; }
  void release() override { calls.add("release"); }
  void discard() override { calls.add("discard"); }
  void abandon() override { calls.add("abandon"); }
};

}  // namespace teal::proxy
