// ExchangePool: the exchanges of one worker that are between two requests, since making one anew
// costs more than a small request.
//
// Owned by the worker, used by its thread.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "proxy/exchange/exchange.h"

namespace teal::proxy {

class ExchangePool {
 public:
  static constexpr std::size_t kMaxSpare = 1024;

  explicit ExchangePool(WorkerLoop& loop) : loop_(loop) {}

  std::unique_ptr<Exchange> take() {
    if (spare_.empty()) return std::make_unique<Exchange>(loop_);
    std::unique_ptr<Exchange> exchange = std::move(spare_.back());
    spare_.pop_back();
    return exchange;
  }
  /// One that is over. It may be one of its own functions that calls: it lives on until
  /// free_surplus().
  void give_back(std::unique_ptr<Exchange> exchange) {
    (spare_.size() < kMaxSpare ? spare_ : surplus_).push_back(std::move(exchange));
  }
  /// Call it when a callback is over.
  void free_surplus() { surplus_.clear(); }

 private:
  WorkerLoop& loop_;
  std::vector<std::unique_ptr<Exchange>> spare_;
  std::vector<std::unique_ptr<Exchange>> surplus_;
};

}  // namespace teal::proxy
