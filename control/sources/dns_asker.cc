#include "control/sources/dns_asker.h"

#include <sys/stat.h>

#include <span>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace teal::control {

using net::dns::Outcome;
using net::dns::Reply;

DnsAsker::DnsAsker(boost::asio::io_context& io, config::Discovery rules, std::string resolv_conf)
    : io_(io), rules_(std::move(rules)), resolv_conf_(std::move(resolv_conf)) {}

DnsAsker::~DnsAsker() = default;

void DnsAsker::respecify(config::Discovery rules) {
  if (rules.resolvers == rules_.resolvers && rules.timeout == rules_.timeout) return;
  rules_ = std::move(rules);
  if (channels_) leaving_.push_back(std::exchange(channels_, nullptr));
}

/// What changes when somebody writes it.
std::string DnsAsker::state_of_file() const {
  struct stat status{};
  if (::stat(resolv_conf_.c_str(), &status) != 0) return "none";
  return std::to_string(status.st_ino) + '/' + std::to_string(status.st_size) + '/' +
         std::to_string(status.st_mtim.tv_sec) + '.' + std::to_string(status.st_mtim.tv_nsec);
}

std::shared_ptr<DnsAsker::Channels> DnsAsker::channels() {
  std::erase_if(leaving_, [](const auto& each) { return each->is_idle(); });
  if (rules_.resolvers.empty()) {
    std::string now = state_of_file();
    if (channels_ && now != seen_) leaving_.push_back(std::exchange(channels_, nullptr));
    seen_ = std::move(now);
  }
  if (channels_) return channels_;
  auto made = std::make_shared<Channels>();
  for (const auto& [transport, channel] :
       {std::pair{AresChannel::Transport::udp, &made->udp},
        std::pair{AresChannel::Transport::tcp, &made->tcp},
        std::pair{AresChannel::Transport::plain, &made->plain}}) {
    auto opened = AresChannel::open(io_, transport, rules_.resolvers, rules_.timeout);
    if (!opened) {
      why_not_ = opened.error().message();
      return nullptr;
    }
    *channel = std::move(*opened);
  }
  return channels_ = std::move(made);
}

void DnsAsker::ask(const Question& question, const Done& done) {
  const auto answer = [&io = io_, done](AskResult result) {
    boost::asio::post(io, [done, result = std::move(result)] { done(result); });
  };
  const std::shared_ptr<Channels> now = channels();
  if (now == nullptr) return answer(LookProblem{LookFault::unreachable, why_not_});
  // Whoever waits for a channel's reply is called by that channel: it is there.
  now->udp->ask(question, [this, channels = now.get(), question, answer](
                              std::span<const std::uint8_t> bytes, const LookProblem& problem) {
    if (bytes.empty() && problem.fault == LookFault::unreachable)
      return ask_why(*channels, question, answer);
    if (bytes.empty()) return answer(problem);
    Reply reply = net::dns::read_reply(bytes, question.name, question.type);
    if (!reply.is_truncated) return answer(std::move(reply));
    ask_by_tcp(*channels, question, std::move(reply), answer);
  });
}

/// Each resolver cannot be reached, or has failed: c-ares does not say which.
void DnsAsker::ask_why(Channels& channels, const Question& question, Done done) {
  channels.plain->ask(question,
                      [question, done = std::move(done)](std::span<const std::uint8_t> bytes,
                                                         const LookProblem& problem) {
                        if (bytes.empty()) return done(problem);
                        done(net::dns::read_reply(bytes, question.name, question.type));
                      });
}

void DnsAsker::ask_by_tcp(Channels& channels, const Question& question, Reply cut, Done done) {
  channels.tcp->ask(
      question, [question, cut = std::move(cut), done = std::move(done)](
                    std::span<const std::uint8_t> bytes, const LookProblem& /*problem*/) {
        if (bytes.empty()) return done(cut);
        const Reply reply = net::dns::read_reply(bytes, question.name, question.type);
        const bool is_good = reply.outcome == Outcome::found || reply.outcome == Outcome::no_data ||
                             reply.outcome == Outcome::no_name;
        done(is_good ? reply : cut);
      });
}

}  // namespace teal::control
