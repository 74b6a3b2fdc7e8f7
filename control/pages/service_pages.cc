#include "control/pages/service_pages.h"

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

void ServicePages::ask(const std::string& after, std::size_t limit, Reply reply) {
  const Wanted wanted{after, limit};
  const auto [job, is_new] = jobs_.try_emplace(wanted);
  // Nobody is told what was so before he asked.
  (is_new ? job->second.asked : job->second.next).push_back(std::move(reply));
  if (is_new) begin(wanted);
}

void ServicePages::begin(const Wanted& wanted) {
  Job& job = jobs_.at(wanted);
  job.names = source_.names(wanted.after, wanted.limit + 1);
  job.has_more = job.names.size() > wanted.limit;
  if (job.has_more) job.names.pop_back();
  job.at = 0;
  job.hash = 0;
  job.text.clear();
  job.piece = R"({"services":[)";
  job.has_some = false;
  if (source_.later) {
    source_.later([this, wanted] { go_on(wanted); });
    return;
  }
  while (take_slice(job)) {
  }
  finish(wanted);
}

void ServicePages::go_on(const Wanted& wanted) {
  if (take_slice(jobs_.at(wanted)))
    source_.later([this, wanted] { go_on(wanted); });
  else
    finish(wanted);
}

bool ServicePages::take_slice(Job& job) {
  while (job.at < job.names.size() && job.piece.size() < kSlice) append(job, job.names[job.at++]);
  if (job.at == job.names.size()) return false;
  job.text.push_back(std::exchange(job.piece, {}));
  return true;
}

void ServicePages::append(Job& job, const std::string& service) {
  const std::uint64_t version = source_.version(service);
  const auto known = kept_.find(service);
  const bool is_same = version != 0 && known != kept_.end() && known->second.version == version;
  const std::string made = is_same ? std::string() : source_.text(service);
  const std::string& text = is_same ? known->second.text : made;
  if (!text.empty()) {
    if (std::exchange(job.has_some, true)) job.piece += ',';
    job.piece += text;
    job.hash = mix64(job.hash ^ std::hash<std::string_view>{}(text));
  }
  // What happened while it was made may be in it or not.
  if (!is_same) keep(service, source_.version(service) == version ? version : 0, made);
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

void ServicePages::finish(const Wanted& wanted) {
  Job& job = jobs_.at(wanted);
  job.piece += R"(],"next":)";
  job.piece += job.has_more ? to_text(boost::json::string(job.names.back())) : "null";
  job.hash = mix64(job.hash + (job.has_more ? 1 : 0));
  job.piece += "}\n";
  job.text.push_back(std::exchange(job.piece, {}));
  const auto page = std::make_shared<ServicePage>();
  page->etag = etag_of(job.hash);
  page->text = std::move(job.text);
  const std::vector<Reply> asked = std::exchange(job.asked, std::exchange(job.next, {}));
  if (job.asked.empty())
    jobs_.erase(wanted);
  else
    begin(wanted);
  for (const Reply& reply : asked) reply(page);
}

}  // namespace teal::control
