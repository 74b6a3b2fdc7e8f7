#include "control/discovery/question_book.h"

#include <algorithm>

namespace teal::control {
namespace {

using net::dns::Outcome;
using net::dns::Reply;

bool says_something(const Reply& reply) {
  return reply.outcome == Outcome::found || reply.outcome == Outcome::no_data ||
         reply.outcome == Outcome::no_name;
}

LookProblem problem_of(const Question& question, const Reply& reply) {
  const std::string what =
      std::string(to_string(question.type)) + " of " + question.name + ": the resolver ";
  switch (reply.outcome) {
    case Outcome::server_failure: return {LookFault::server_failure, what + "failed (SERVFAIL)"};
    case Outcome::refused: return {LookFault::refused, what + "refused (REFUSED)"};
    default: return {LookFault::malformed, what + "gave no reply to that: " + reply.fault};
  }
}

/// How many of the values before are not among the ones now.
template <class T>
std::size_t count_gone(const std::vector<T>& before, const std::vector<T>& now) {
  return static_cast<std::size_t>(std::ranges::count_if(
      before, [&](const T& each) { return !std::ranges::binary_search(now, each); }));
}

bool lacks_much(const Reply& before, const Reply& now) {
  const std::size_t gone =
      count_gone(before.addresses, now.addresses) + count_gone(before.services, now.services);
  return gone * 2 > before.addresses.size() + before.services.size();
}

}  // namespace

void QuestionBook::want(const std::set<Question>& questions) {
  std::erase_if(questions_, [&](const auto& each) { return !questions.contains(each.first); });
  for (const Question& question : questions) questions_.try_emplace(question);
}

std::vector<Question> QuestionBook::take_due(Mono now) {
  std::vector<Question> due;
  for (auto& [question, asked] : questions_) {
    if (asked.is_under_way || asked.due > now) continue;
    asked.is_under_way = true;
    due.push_back(question);
  }
  return due;
}

void QuestionBook::answer(const Question& question, const AskResult& result, Mono now) {
  const auto found = questions_.find(question);
  if (found == questions_.end()) return;
  Asked& asked = found->second;
  asked.is_under_way = false;
  asked.known.is_asked = true;
  const auto* const reply = std::get_if<Reply>(&result);
  if (reply == nullptr || !says_something(*reply)) {
    asked.known.problem =
        reply != nullptr ? problem_of(question, *reply) : std::get<LookProblem>(result);
    asked.due = now + pause_after(++asked.failures);
    return;
  }
  Millis life = lifetime(*reply);
  if (asked.known.reply && lacks_much(*asked.known.reply, *reply))
    life = std::min(life, std::max(least_, kLookAgain));
  asked.failures = 0;
  asked.known.problem.reset();
  asked.known.reply = *reply;
  asked.due = now + life;
}

Millis QuestionBook::lifetime(const Reply& reply) {
  Millis life = reply.ttl ? std::chrono::duration_cast<Millis>(*reply.ttl) : kEmpty;
  life = std::clamp(life, least_, std::max(least_, most_));
  const auto tenth = static_cast<std::uint32_t>(life.count() / 10);
  return life - Millis{rng_.below(tenth + 1)};
}

Millis QuestionBook::pause_after(unsigned failures) const {
  constexpr unsigned kDoublings = 5;
  return std::min(kLastRetry, kFirstRetry * (1U << std::min(failures - 1, kDoublings)));
}

Mono QuestionBook::next_due() const {
  Mono next = Mono::max();
  for (const auto& [question, asked] : questions_)
    if (!asked.is_under_way) next = std::min(next, asked.due);
  return next;
}

const KnownAnswer* QuestionBook::find(const Question& question) const {
  const auto found = questions_.find(question);
  return found == questions_.end() ? nullptr : &found->second.known;
}

}  // namespace teal::control
