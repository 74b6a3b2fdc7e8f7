// ClientConnectionLimiter: how many connections each client has open on one listener, exact over
// all workers. For listeners that limit it; touched when a connection opens or closes, never by a
// request.
//
// Any thread, by a lock. Holds one entry for each client that is connected, so no more than the
// listener may have connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "proxy/policy/client_key.h"

namespace teal::proxy {

class ClientConnectionLimiter;

/// One connection's place, given back when this goes; empty where nobody counts.
class ConnectionPermit {
 public:
  ConnectionPermit() = default;
  ConnectionPermit(ClientConnectionLimiter& places, ClientKey client)
      : places_(&places), client_(client) {}
  ~ConnectionPermit() { give_back(); }
  ConnectionPermit(ConnectionPermit&& from) noexcept
      : places_(std::exchange(from.places_, nullptr)), client_(from.client_) {}
  ConnectionPermit& operator=(ConnectionPermit&& from) noexcept {
    if (this != &from) {
      give_back();
      places_ = std::exchange(from.places_, nullptr);
      client_ = from.client_;
    }
    return *this;
  }

  explicit operator bool() const { return places_ != nullptr; }

 private:
  void give_back();

  ClientConnectionLimiter* places_ = nullptr;
  ClientKey client_ = 0;
};

class ClientConnectionLimiter {
 public:
  explicit ClientConnectionLimiter(std::uint32_t most) : most_(most) {}

  /// From the next connection on.
  void set_most(std::uint32_t most) { most_.store(most, std::memory_order_relaxed); }

  /// Empty: the client has as many as it may.
  ConnectionPermit take(ClientKey client) {
    const std::scoped_lock lock(mutex_);
    std::uint32_t& open = open_[client];
    if (open >= most_.load(std::memory_order_relaxed)) {
      if (open == 0) open_.erase(client);
      return {};
    }
    ++open;
    return {*this, client};
  }
  std::size_t clients() const {
    const std::scoped_lock lock(mutex_);
    return open_.size();
  }

 private:
  friend class ConnectionPermit;
  void give_back(ClientKey client) {
    const std::scoped_lock lock(mutex_);
    const auto found = open_.find(client);
    if (--found->second == 0) open_.erase(found);
  }

  std::atomic<std::uint32_t> most_;
  mutable std::mutex mutex_;
  std::unordered_map<ClientKey, std::uint32_t> open_;
};

inline void ConnectionPermit::give_back() {
  if (places_ != nullptr) std::exchange(places_, nullptr)->give_back(client_);
}

}  // namespace teal::proxy
