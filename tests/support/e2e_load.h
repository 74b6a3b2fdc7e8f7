// Load: a few clients with kept connections that ask without a pause until told to stop, and write
// down who answered and what went wrong. The measure of "no request is lost".
//
// One thread for each client; the report is whole once stop() has returned.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/e2e_http.h"

namespace teal::e2e {

struct LoadReport {
  std::uint64_t requests = 0;
  std::map<int, std::uint64_t> by_status;
  /// By the response header x-target; "" are Teal's own answers.
  std::map<std::string, std::uint64_t> by_target;
  /// Everything but a complete response with 200 to 499 from a target: by whom, and the first
  /// hundred in full. What is cut short counts as Teal's: the targets of a load cut nothing.
  std::uint64_t failed_by_teal = 0;
  std::map<std::string, std::uint64_t> failed_by_target;
  std::vector<std::string> failures;

  std::string text() const;
};

class Load {
 public:
  /// `path` is called for each request as it starts, by every client's thread.
  Load(
      const Address& address, std::size_t clients,
      std::function<std::string()> path = [] { return "/load"; });
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Requests finished so far.
  std::uint64_t requests() const { return requests_; }
  /// Waits until `more` further requests are finished.
  bool await(std::uint64_t more) const;
  LoadReport stop();

 private:
  void work(std::size_t client);
  void record(const Response& response, std::size_t client);

  const Address address_;
  const std::function<std::string()> path_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> requests_{0};
  std::mutex mutex_;
  LoadReport report_;
  std::vector<std::jthread> threads_;
};

/// So many GETs over one kept connection, pipelined; x-target of each answer.
std::map<std::string, std::uint64_t> ask(const Address& address, std::size_t requests,
                                         std::string_view path = "/",
                                         std::string_view headers = {});

}  // namespace teal::e2e
