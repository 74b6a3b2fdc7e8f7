// QuestionBook: the questions that are asked of DNS, each once however many services want to know;
// when each is to be asked again, and what was answered last. An answer holds for its TTL, within
// the configured bounds and up to a tenth less, so that Teals that began together do not ask
// together; a failure is tried again after 1 s, and then twice as long each time, up to 30 s.
//
// Pure: times and chance are given. Does not send anything (control/sources/dns_looks.h).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "config/discovery.h"
#include "control/discovery/finding.h"
#include "net/dns/message.h"

namespace teal::control {

struct Question {
  std::string name;  ///< Lower case, without a last dot.
  net::dns::Type type = net::dns::Type::a;

  auto operator<=>(const Question&) const = default;
};

/// What asking came to: a reply of whatever outcome, or none, and why.
using AskResult = std::variant<net::dns::Reply, LookProblem>;

/// What is known of a question.
struct KnownAnswer {
  bool is_asked = false;  ///< It has been answered, or has failed, at least once.
  /// The last reply that says something: found, no data or no name. Nothing: there was none.
  std::optional<net::dns::Reply> reply;
  std::optional<LookProblem> problem;  ///< Of the last attempt.
};

class QuestionBook {
 public:
  static constexpr Millis kFirstRetry{1000};
  static constexpr Millis kLastRetry{30'000};
  /// For how long an empty answer holds whose zone does not say.
  static constexpr Millis kEmpty{5000};
  /// An answer that lacks much of the one before is asked for again so soon, so that whoever waits
  /// for a second one need not wait for a TTL (SourceMemory::kHold).
  static constexpr Millis kLookAgain{10'500};

  QuestionBook(const config::Discovery& rules, std::uint64_t seed)
      : least_(rules.min_refresh), most_(rules.max_refresh), rng_(seed) {}

  /// From now on these are the questions. Those that were there keep their answers and times; the
  /// others are to be asked at once.
  void want(const std::set<Question>& questions);
  /// Those whose time has come, to be asked now.
  std::vector<Question> take_due(Mono now);
  /// Nothing where nobody wants to know any more.
  void answer(const Question& question, const AskResult& result, Mono now);
  /// When the next one is due; max: none is, until something happens.
  Mono next_due() const;
  /// Null: nobody has wanted to know.
  const KnownAnswer* find(const Question& question) const;
  /// The bounds for answers from now on.
  void respecify(const config::Discovery& rules) {
    least_ = rules.min_refresh;
    most_ = rules.max_refresh;
  }

 private:
  struct Asked {
    KnownAnswer known;
    Mono due = Mono::min();
    bool is_under_way = false;
    unsigned failures = 0;  ///< In a row.
  };

  Millis lifetime(const net::dns::Reply& reply);
  Millis pause_after(unsigned failures) const;

  Millis least_, most_;
  Rng rng_;
  std::map<Question, Asked> questions_;
};

}  // namespace teal::control
