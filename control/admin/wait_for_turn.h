// How a coroutine that has much to do lets everything else go before it, slice by slice.
//
// Control thread.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "control/api/api.h"

namespace teal::control {

/// Until `later` gives it its turn; at once where that is empty. A turn that is never given
/// destroys the coroutine with what holds it. Requires: `later` outlives the wait.
inline boost::asio::awaitable<void> wait_for_turn(const Later& later) {
  if (!later) co_return;
  auto ask = [&later](auto resume) {
    later([shared = std::make_shared<decltype(resume)>(std::move(resume))] {
      std::move (*shared)();
    });
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      ask, boost::asio::use_awaitable);
}

}  // namespace teal::control
