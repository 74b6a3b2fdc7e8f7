// DnsLooks: asks for the names that sources have, again and again, and tells what each source finds
// by the answers. A name that many ask for is asked for once.
//
// On the thread that looks for targets. When to ask is control/discovery/question_book.h's, what
// the answers come to is control/discovery/dns_source.h's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "base/time.h"
#include "control/discovery/dns_source.h"
#include "control/discovery/finding.h"
#include "control/discovery/question_book.h"
#include "control/sources/dns_asker.h"
#include "control/sources/watched_source.h"

namespace teal::control {

class DnsLooks {
 public:
  using Report = std::function<void(Finding)>;

  DnsLooks(boost::asio::io_context& io, const Clock& clock, std::uint64_t seed, Report report);

  /// From now on these are the sources. What is known of names that are asked for still is kept,
  /// and so are the times of their questions.
  void watch(const config::Discovery& rules, const std::vector<WatchedSource>& sources);

 private:
  struct Watched {
    WatchedSource source;
    std::set<Question> wants;
  };

  /// Looks at one with what is known; true where it wants other answers than before.
  bool look(Watched& watched);
  void want();
  void ask_due();
  void on_answer(const Question& question, const AskResult& result);

  const Clock& clock_;
  Report report_;
  QuestionBook book_;
  DnsAsker asker_;
  boost::asio::steady_timer timer_;
  std::vector<Watched> sources_;
  std::map<Question, std::set<std::size_t>> users_;  ///< By their places.
};

}  // namespace teal::control
