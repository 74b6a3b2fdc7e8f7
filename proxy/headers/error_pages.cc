#include "proxy/headers/error_pages.h"

#include <algorithm>
#include <map>

#include "base/file.h"

namespace teal::proxy {
namespace {

using Body = std::shared_ptr<const std::string>;

/// Reads each file once.
class Reader {
 public:
  explicit Reader(net::FileFaults& faults) : faults_(faults) {}

  std::vector<ErrorPage> read(const std::vector<config::ErrorPage>& specs) {
    std::vector<ErrorPage> pages;
    for (const config::ErrorPage& spec : specs) {
      Body& body = bodies_[spec.file.path];
      if (!body) {
        FileText file = read_regular_file(spec.file.path, ErrorPages::kMaxBytes);
        if (!file) {
          faults_.push_back({spec.file, spec.file.path + ' ' + file.fault, file.remedy, true});
          continue;
        }
        body = std::make_shared<const std::string>(std::move(file.text));
      }
      pages.push_back({spec.statuses, spec.content_type, body});
    }
    return pages;
  }

 private:
  net::FileFaults& faults_;
  std::map<std::string, Body> bodies_;
};

}  // namespace

std::shared_ptr<const ErrorPages> ErrorPages::load(const config::Config& config,
                                                   net::FileFaults& faults) {
  auto pages = std::make_shared<ErrorPages>();
  Reader reader(faults);
  for (const config::Listener& listener : config.listeners)
    pages->listeners_.push_back(reader.read(listener.error_pages));
  for (const config::Service& service : config.services)
    pages->services_.push_back(reader.read(service.error_pages));
  const auto has_some = [](const Pages& list) { return !list.empty(); };
  pages->is_empty_ = std::none_of(pages->listeners_.begin(), pages->listeners_.end(), has_some) &&
                     std::none_of(pages->services_.begin(), pages->services_.end(), has_some);
  return pages;
}

const ErrorPage* ErrorPages::find(std::size_t listener, std::uint32_t service,
                                  std::uint16_t status) const {
  if (is_empty_) return nullptr;
  if (service != kNoService)
    if (const ErrorPage* page = find(services_[service], status)) return page;
  return find(listeners_[listener], status);
}

const ErrorPage* ErrorPages::find(const Pages& pages, std::uint16_t status) {
  const auto fits = [status](const ErrorPage& page) {
    return std::any_of(
        page.statuses.begin(), page.statuses.end(),
        [status](const config::StatusRange& range) { return range.contains(status); });
  };
  const auto found = std::find_if(pages.begin(), pages.end(), fits);
  return found == pages.end() ? nullptr : &*found;
}

}  // namespace teal::proxy
