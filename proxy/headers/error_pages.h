// ErrorPages: what Teal's own error responses have for a body where the configuration names a file
// for their status. The files are read once, at the start; a service's pages go before those of
// its listener, and in a list the first that fits.
//
// Immutable after load(); any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "net/tls/fault.h"

namespace teal::proxy {

struct ErrorPage {
  std::vector<config::StatusRange> statuses;
  std::string content_type;
  std::shared_ptr<const std::string> body;
};

class ErrorPages {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{64} * 1024;  ///< Of one file.
  static constexpr std::uint32_t kNoService = static_cast<std::uint32_t>(-1);

  /// What cannot be read is a fault, and its page is missing.
  static std::shared_ptr<const ErrorPages> load(const config::Config& config,
                                                net::FileFaults& faults);

  /// By places in the configuration; null: the usual line of text.
  const ErrorPage* find(std::size_t listener, std::uint32_t service, std::uint16_t status) const;

 private:
  using Pages = std::vector<ErrorPage>;
  static const ErrorPage* find(const Pages& pages, std::uint16_t status);

  std::vector<Pages> listeners_;
  std::vector<Pages> services_;
  bool is_empty_ = true;
};

}  // namespace teal::proxy
