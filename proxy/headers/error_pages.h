// ErrorPages: what Teal's own error responses have for a body where the configuration names a file
// for their status. The files are read once, at the start; a service's pages go before those of
// its listener, and in a list the first that fits.
//
// Immutable after load(); any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "net/tls/fault.h"

namespace teal::proxy {

struct ErrorPage {
  std::vector<config::StatusRange> statuses;
  std::string content_type;
  std::shared_ptr<const std::string> body;  ///< Never null.
  bool operator==(const ErrorPage& that) const {
    return statuses == that.statuses && content_type == that.content_type && *body == *that.body;
  }
};

using PageList = std::vector<ErrorPage>;

/// The first of them for the status; null: the usual line of text.
const ErrorPage* find_page(const PageList& pages, std::uint16_t status);
/// Of a service's pages, and then of its listener's.
inline const ErrorPage* find_page(const PageList& service, const PageList& listener,
                                  std::uint16_t status) {
  const ErrorPage* const page = find_page(service, status);
  return page != nullptr ? page : find_page(listener, status);
}

class ErrorPages {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{64} * 1024;  ///< Of one file.

  /// What cannot be read is a fault, and its page is missing.
  static ErrorPages load(const config::Config& config, net::FileFaults& faults);

  /// The same texts for the same statuses of everybody.
  bool operator==(const ErrorPages& that) const;

  // By name; never null.
  std::shared_ptr<const PageList> of_listener(const std::string& name) const {
    return find(listeners_, name);
  }
  std::shared_ptr<const PageList> of_service(const std::string& name) const {
    return find(services_, name);
  }

 private:
  using ByName = std::map<std::string, std::shared_ptr<const PageList>>;
  static std::shared_ptr<const PageList> find(const ByName& all, const std::string& name);

  ByName listeners_;  ///< Those that have some.
  ByName services_;
};

}  // namespace teal::proxy
