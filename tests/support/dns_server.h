// DnsServer: a resolver on a loopback port, over UDP and TCP, that answers each question as the
// test says: right, wrong, twice, or not at all. Remembers what it was asked.
//
// One thread; the script runs on it and may be replaced at any time.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/dns_messages.h"

namespace teal::net::dns {

class DnsServer {
 public:
  /// The messages that go back, each with the id of the question unless it says another; none:
  /// silence.
  using Messages = std::vector<ReplyText>;
  using Script = std::function<Messages(const AskedQuestion&, bool by_tcp)>;

  explicit DnsServer(Script script) : script_(std::move(script)) {
    open();
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~DnsServer() {
    thread_.request_stop();
    thread_.join();
    ::close(udp_);
    ::close(tcp_);
  }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  Address address() const { return {Address::Kind::ip4, "127.0.0.1", port_}; }
  void answer(Script script) {
    const std::scoped_lock lock(mutex_);
    script_ = std::move(script);
  }
  /// Every name has these addresses, of IPv4.
  void have(const std::vector<std::string>& ips, std::uint32_t ttl = 1) {
    answer([ips, ttl](const AskedQuestion& asked, bool) {
      ReplyText text(asked.name, asked.type, asked.id);
      if (asked.type == Type::a)
        for (const std::string& ip : ips) text.ip4(asked.name, ip, ttl);
      if (asked.type != Type::a || ips.empty()) text.soa(ttl, ttl);
      return Messages{text};
    });
  }
  /// It says nothing any more.
  void die() {
    answer([](const AskedQuestion&, bool) { return Messages{}; });
  }
  /// Of this name and type, by UDP and TCP.
  std::size_t asked(const std::string& name, Type type) const {
    const std::scoped_lock lock(mutex_);
    const auto found = asked_.find({name, type});
    return found == asked_.end() ? 0 : found->second;
  }
  std::size_t asked_by_tcp() const {
    const std::scoped_lock lock(mutex_);
    return by_tcp_;
  }

 private:
  void open() {
    for (int tries = 0; tries < 100; ++tries) {
      sockaddr_in at{};
      at.sin_family = AF_INET;
      at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      socklen_t size = sizeof at;
      auto* const name = reinterpret_cast<sockaddr*>(&at);
      const bool is_bound = ::bind(udp_, name, size) == 0 &&
                            ::getsockname(udp_, name, &size) == 0 &&
                            ::bind(tcp_, name, size) == 0 && ::listen(tcp_, 16) == 0;
      port_ = ntohs(at.sin_port);
      if (is_bound) return;
      ::close(udp_);
      ::close(tcp_);
    }
  }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::array<pollfd, 2> polled{{{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}}};
      if (::poll(polled.data(), polled.size(), 20) <= 0) continue;
      if (polled[0].revents != 0) serve_datagram();
      if (polled[1].revents != 0) serve_connection(stop);
    }
  }

  Messages messages_for(std::span<const std::uint8_t> query, bool by_tcp) {
    const AskedQuestion asked = read_query(query);
    Script script;
    {
      const std::scoped_lock lock(mutex_);
      ++asked_[{asked.name, asked.type}];
      if (by_tcp) ++by_tcp_;
      script = script_;
    }
    return script(asked, by_tcp);
  }

  void serve_datagram() {
    std::array<std::uint8_t, 2048> query{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t got =
        ::recvfrom(udp_, query.data(), query.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 12) return;
    for (const ReplyText& text : messages_for({query.data(), static_cast<std::size_t>(got)}, false))
      (void)::sendto(udp_, text.octets().data(), text.size(), 0,
                     reinterpret_cast<const sockaddr*>(&from), size);
  }

  /// Questions of one connection, until there has been none for a while; none without answers.
  void serve_connection(const std::stop_token& stop) {
    const int fd = ::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    while (!stop.stop_requested()) {
      std::vector<std::uint8_t> query;
      if (!read(fd, 2, query) || !read(fd, query[0] * 256U + query[1], query)) break;
      const Messages messages = messages_for({query.data() + 2, query.size() - 2}, true);
      if (messages.empty()) break;  // It dies.
      for (const ReplyText& text : messages) {
        std::vector<std::uint8_t> whole{static_cast<std::uint8_t>(text.size() >> 8U),
                                        static_cast<std::uint8_t>(text.size() & 0xffU)};
        whole.insert(whole.end(), text.octets().begin(), text.octets().end());
        (void)::send(fd, whole.data(), whole.size(), MSG_NOSIGNAL);
      }
    }
    ::close(fd);
  }

  static bool read(int fd, std::size_t count, std::vector<std::uint8_t>& into) {
    while (count > 0) {
      pollfd polled{fd, POLLIN, 0};
      if (::poll(&polled, 1, 100) <= 0) return false;
      std::array<std::uint8_t, 512> piece{};
      const ssize_t got = ::recv(fd, piece.data(), std::min(count, piece.size()), 0);
      if (got <= 0) return false;
      into.insert(into.end(), piece.begin(), piece.begin() + got);
      count -= static_cast<std::size_t>(got);
    }
    return true;
  }

  int udp_ = -1, tcp_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  Script script_;
  std::map<std::pair<std::string, Type>, std::size_t> asked_;
  std::size_t by_tcp_ = 0;
  std::jthread thread_;
};

}  // namespace teal::net::dns
