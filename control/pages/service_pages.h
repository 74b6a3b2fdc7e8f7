// ServicePages: the text of GET /v1/services, a page at a time. A page is made in slices, between
// which whatever else waits on the control thread has its turn, and whoever asks for a page that is
// being made shares the next one: so a crowd of pollers delays nobody's split or verdict. The text
// of a service that has not changed since it was last asked for is not made again.
//
// Control thread; knows neither HTTP nor what a service is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace teal::control {

/// Services in the order of their names, so that one that is added or removed meanwhile moves no
/// other to another page.
struct ServicePage {
  /// {"services":[...],"next":"cart"}, or null where it is the last one; in pieces.
  std::vector<std::string> text;
  std::string etag;  ///< Equal for equal text; with its quotes.
};

class ServicePages {
 public:
  /// How much text is kept of services that may be asked for again.
  static constexpr std::size_t kMaxKept = std::size_t{16} * 1024 * 1024;

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

  /// Requires: limit > 0.
  void ask(const std::string& after, std::size_t limit, Reply reply);

 private:
  struct Wanted {
    std::string after;
    std::size_t limit = 0;
    auto operator<=>(const Wanted&) const = default;
  };
  /// One page that is being made, and who waits for it and for the one after that.
  struct Job {
    std::vector<std::string> names;
    std::size_t at = 0;
    bool has_more = false;
    std::vector<std::string> text;  ///< What is whole of it, in pieces.
    std::string piece;              ///< And what comes behind.
    bool has_some = false;
    std::uint64_t hash = 0;  ///< Of the services' texts.
    std::vector<Reply> asked, next;
  };
  struct Kept {
    std::uint64_t version = 0;
    std::string text;
  };

  void begin(const Wanted& wanted);
  void go_on(const Wanted& wanted);
  /// False: the page is whole.
  bool take_slice(Job& job);
  void finish(const Wanted& wanted);
  void append(Job& job, const std::string& service);
  void keep(const std::string& service, std::uint64_t version, const std::string& text);

  Source source_;
  std::map<Wanted, Job> jobs_;
  std::map<std::string, Kept> kept_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace teal::control
