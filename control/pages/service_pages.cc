#include "control/pages/service_pages.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "base/rng.h"
#include "control/json/text.h"

namespace teal::control {
namespace {

/// Of text, in a slice: some tens of microseconds where it is made anew.
constexpr std::size_t kSlice = std::size_t{12} * 1024;

std::string etag_of(std::uint64_t hash) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string etag = "\"";
  for (int shift = 60; shift >= 0; shift -= 4) etag += kDigits[(hash >> shift) & 15];
  return etag + '"';
}

}  // namespace

bool ServicePages::ask(const std::string& after, std::size_t limit, Reply reply) {
  // Nobody is told what was so before he asked: whoever is late for a page waits for the next one.
  const Wanted page{after, limit};
  auto same = std::ranges::find(waiting_, page, &Waiting::page);
  if (same == waiting_.end()) {
    if (waiting_.size() == kMaxWaiting) return false;
    same = waiting_.insert(same, {page, {}});
  }
  same->replies.push_back(std::move(reply));
  if (!job_) begin();
  return true;
}

void ServicePages::begin() {
  auto [page, replies] = std::move(waiting_.front());
  waiting_.pop_front();
  Job job;
  job.replies = std::move(replies);
  job.names = source_.names(page.after, page.limit + 1);
  job.has_more = job.names.size() > page.limit;
  if (job.has_more) job.names.pop_back();
  job.text.add(R"({"services":[)");
  job_ = std::move(job);
  if (source_.later)
    source_.later([this] { go_on(); });
  else
    go_on();
}

void ServicePages::go_on() {
  while (take_slice()) {
    if (source_.later) return source_.later([this] { go_on(); });
  }
  finish();
}

bool ServicePages::take_slice() {
  Job& job = *job_;
  std::size_t spent = 0;
  while (job.at < job.names.size() && spent < kSlice) spent += append(job.names[job.at++]);
  return job.at < job.names.size();
}

std::size_t ServicePages::append(const std::string& service) {
  Job& job = *job_;
  const std::uint64_t version = source_.version(service);
  const auto known = kept_.find(service);
  const bool is_same = version != 0 && known != kept_.end() && known->second.version == version;
  const std::string made = is_same ? std::string() : source_.text(service);
  const std::string& text = is_same ? known->second.text : made;
  if (!text.empty()) {
    if (std::exchange(job.has_some, true)) job.text.add(",");
    job.text.add(text);
    job.hash = mix64(job.hash ^ std::hash<std::string_view>{}(text));
  }
  const std::size_t size = text.size();
  // What happened while it was made may be in it or not.
  if (!is_same) keep(service, source_.version(service) == version ? version : 0, made);
  return size;
}

void ServicePages::keep(const std::string& service, std::uint64_t version,
                        const std::string& text) {
  if (const auto known = kept_.find(service); known != kept_.end()) {
    kept_bytes_ -= known->second.text.size();
    kept_.erase(known);
  }
  if (version == 0 || text.empty()) return;
  // Whoever asks for more than there is room for asks for all of it anew.
  if (kept_bytes_ + text.size() > kMaxKept) {
    kept_.clear();
    kept_bytes_ = 0;
  }
  kept_bytes_ += text.size();
  kept_[service] = {version, text};
}

void ServicePages::finish() {
  Job job = std::move(*job_);
  job_.reset();
  job.text.add(R"(],"next":)");
  job.text.add(job.has_more ? to_text(boost::json::string(job.names.back())) : "null");
  job.hash = mix64(job.hash + (job.has_more ? 1 : 0));
  job.text.add("}\n");
  const auto page = std::make_shared<ServicePage>();
  page->etag = etag_of(job.hash);
  page->text = std::move(job.text);
  for (const Reply& reply : job.replies) reply(page);
  if (!job_ && !waiting_.empty()) begin();  // Unless somebody who was answered asked again.
}

}  // namespace teal::control
