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

  PageList read(const std::vector<config::ErrorPage>& specs) {
    PageList pages;
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

ErrorPages ErrorPages::load(const config::Config& config, net::FileFaults& faults) {
  ErrorPages pages;
  Reader reader(faults);
  const auto read = [&](ByName& into, const auto& owner) {
    if (PageList list = reader.read(owner.error_pages); !list.empty())
      into[owner.name] = std::make_shared<const PageList>(std::move(list));
  };
  for (const config::Listener& listener : config.listeners) read(pages.listeners_, listener);
  for (const config::Service& service : config.services) read(pages.services_, service);
  return pages;
}

bool ErrorPages::operator==(const ErrorPages& that) const {
  const auto same = [](const auto& a, const auto& b) {
    return a.first == b.first && *a.second == *b.second;
  };
  return std::ranges::equal(listeners_, that.listeners_, same) &&
         std::ranges::equal(services_, that.services_, same);
}

std::shared_ptr<const PageList> ErrorPages::find(const ByName& all, const std::string& name) {
  static const auto kNone = std::make_shared<const PageList>();
  const auto found = all.find(name);
  return found == all.end() ? kNone : found->second;
}

const ErrorPage* find_page(const PageList& pages, std::uint16_t status) {
  const auto fits = [status](const ErrorPage& page) {
    return std::any_of(
        page.statuses.begin(), page.statuses.end(),
        [status](const config::StatusRange& range) { return range.contains(status); });
  };
  const auto found = std::find_if(pages.begin(), pages.end(), fits);
  return found == pages.end() ? nullptr : &*found;
}

}  // namespace teal::proxy
