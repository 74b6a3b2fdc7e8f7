// ServicePages: the text of GET /v1/services, a page at a time. A page is made in slices, between
// which whatever else waits on the control thread has its turn. One page is made at a time, and
// those who ask for the same one meanwhile share the next: so a crowd of pollers delays nobody's
// split or verdict, and fills no memory. The text of a service that has not changed since it was
// last asked for is not made again.
//
// Control thread; knows neither HTTP nor what a service is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/long_text.h"

namespace teal::control {

/// Services in the order of their names, so that one that is added or removed meanwhile moves no
/// other to another page.
struct ServicePage {
  /// {"services":[...],"next":"cart"}, or null where it is the last one.
  LongText text;
  std::string etag;  ///< Equal for equal text; with its quotes.
};

class ServicePages {
 public:
  /// How much text is kept of services that may be asked for again.
  static constexpr std::size_t kMaxKept = std::size_t{16} * 1024 * 1024;

  /// How many pages may wait for their turn: pollers ask for the same few.
  static constexpr std::size_t kMaxWaiting = 64;

  struct Source {
    /// So many names of services behind `after` in their order, "" being before all of them.
    std::function<std::vector<std::string>(const std::string& after, std::size_t limit)> names;
    /// Equal as long as text() is; 0: it may be another each time.
    std::function<std::uint64_t(const std::string& service)> version;
    /// A service as a JSON object; empty: it is gone.
    std::function<std::string(const std::string& service)> text;
    /// Calls it on the control thread after what waits there. Empty: a page is made at once.
    std::function<void(std::function<void()>)> later;
  };
  using Reply = std::function<void(const std::shared_ptr<const ServicePage>&)>;

  explicit ServicePages(Source source) : source_(std::move(source)) {}

  /// False: as many other pages wait, and `reply` is not called. Requires: limit > 0.
  bool ask(const std::string& after, std::size_t limit, Reply reply);

 private:
  struct Wanted {
    std::string after;
    std::size_t limit = 0;
    bool operator==(const Wanted&) const = default;
  };
  /// A page that is not yet begun, and those who wait for it.
  struct Waiting {
    Wanted page;
    std::vector<Reply> replies;
  };
  /// The page that is being made.
  struct Job {
    std::vector<Reply> replies;
    std::vector<std::string> names;
    std::size_t at = 0;
    bool has_more = false;
    LongText text;
    bool has_some = false;
    std::uint64_t hash = 0;  ///< Of the services' texts.
  };
  struct Kept {
    std::uint64_t version = 0;
    std::string text;
  };

  void begin();
  void go_on();
  /// False: the page is whole.
  bool take_slice();
  void finish();
  /// How much text that was.
  std::size_t append(const std::string& service);
  void keep(const std::string& service, std::uint64_t version, const std::string& text);

  Source source_;
  std::optional<Job> job_;
  std::deque<Waiting> waiting_;  ///< In the order of their first askers; no page twice.
  std::map<std::string, Kept> kept_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace teal::control
