#include "control/sources/dns_looks.h"

#include <algorithm>
#include <utility>

#include <boost/asio/io_context.hpp>

namespace teal::control {

DnsLooks::DnsLooks(boost::asio::io_context& io, const Clock& clock, std::uint64_t seed,
                   Report report)
    : clock_(clock),
      report_(std::move(report)),
      book_(config::Discovery{}, seed),
      asker_(io, config::Discovery{}),
      timer_(io) {}

void DnsLooks::watch(const config::Discovery& rules, const std::vector<WatchedSource>& sources) {
  book_.respecify(rules);
  asker_.respecify(rules);
  const std::vector<Watched> before = std::exchange(sources_, {});
  for (const WatchedSource& source : sources) {
    if (source.source.kind != config::DiscoverSource::Kind::dns) continue;
    const auto same = std::ranges::find(before, source, &Watched::source);
    sources_.push_back(same != before.end() ? *same : Watched{source, {}});
    // Whoever is new and asks for what is known already is told at once.
    if (same == before.end()) look(sources_.back());
  }
  want();
  ask_due();
}

bool DnsLooks::look(Watched& watched) {
  DnsLook seen = look_at(watched.source.service, watched.source.source, book_);
  const bool is_other = seen.wants != watched.wants;
  watched.wants = std::move(seen.wants);
  if (seen.finding) report_(*std::move(seen.finding));
  return is_other;
}

void DnsLooks::want() {
  users_.clear();
  std::set<Question> questions;
  for (std::size_t i = 0; i < sources_.size(); ++i)
    for (const Question& question : sources_[i].wants) {
      users_[question].insert(i);
      questions.insert(question);
    }
  book_.want(questions);
}

void DnsLooks::ask_due() {
  for (const Question& question : book_.take_due(clock_.mono()))
    asker_.ask(question,
               [this, question](const AskResult& result) { on_answer(question, result); });
  const Mono due = book_.next_due();
  timer_.cancel();
  if (due == Mono::max()) return;
  timer_.expires_at(due);
  timer_.async_wait([this](const boost::system::error_code& ec) {
    if (!ec) ask_due();
  });
}

void DnsLooks::on_answer(const Question& question, const AskResult& result) {
  book_.answer(question, result, clock_.mono());
  bool is_other = false;
  if (const auto users = users_.find(question); users != users_.end())
    for (const std::size_t each : users->second) is_other = look(sources_[each]) || is_other;
  if (is_other) want();
  ask_due();
}

}  // namespace teal::control
