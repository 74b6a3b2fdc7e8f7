#include "control/metrics/scraper.h"

#include <optional>
#include <utility>

#include "control/metrics/exporter.h"

namespace teal::control {
namespace {

/// What a slice may cost, in lines. A call costs some for what it reads, whatever it adds.
constexpr std::size_t kSlice = 128;
constexpr std::size_t kCall = 64;
constexpr std::size_t kBytes = 16 * 1024;  ///< Of text that is put together.

}  // namespace

void Scraper::ask(Reply reply) {
  if (is_under_way_) {
    next_.push_back(std::move(reply));
    return;
  }
  asked_.push_back(std::move(reply));
  begin();
}

void Scraper::begin() {
  is_under_way_ = true;
  families_ = MetricFamilies(dependencies_.limit);
  parts_.clear();
  part_ = 0;
  is_collected_ = false;
  text_.clear();
  if (dependencies_.later) {
    dependencies_.later([this] { go_on(); });
    return;
  }
  while (take_slice()) {
  }
  finish();
}

void Scraper::go_on() {
  if (take_slice())
    dependencies_.later([this] { go_on(); });
  else
    finish();
}

bool Scraper::take_slice() {
  if (is_collected_) return put_together();
  if (parts_.empty() && dependencies_.parts) parts_ = dependencies_.parts();
  std::size_t spent = 0;
  while (part_ < parts_.size() && spent < kSlice) {
    const std::size_t before = families_.lines();
    if (!parts_[part_](families_)) ++part_;
    spent += kCall + families_.lines() - before;
  }
  if (part_ < parts_.size()) return true;
  is_collected_ = true;
  if (dependencies_.done)
    dependencies_.done({families_.lines(), families_.limit(), families_.dropped()});
  add_scrape(families_);
  return true;
}

bool Scraper::put_together() {
  for (std::size_t bytes = 0; bytes < kBytes;) {
    const std::optional<std::string_view> more = families_.take_some();
    if (!more) return false;
    bytes += more->size();
    text_.push_back(*more);
  }
  return true;
}

void Scraper::finish() {
  std::vector<Reply> asked = std::exchange(asked_, std::exchange(next_, {}));
  struct Whole {
    LongText text;
    std::vector<std::string_view> pieces;
  };
  const auto whole =
      std::make_shared<const Whole>(std::move(families_).take_text(), std::exchange(text_, {}));
  const Text text(whole, &whole->pieces);
  parts_.clear();
  is_under_way_ = false;
  if (!asked_.empty()) begin();
  for (const Reply& reply : asked) reply(text);
}

}  // namespace teal::control
