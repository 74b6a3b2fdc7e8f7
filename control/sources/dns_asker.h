// DnsAsker: a question in, its answer out, from whichever resolver gives one. What does not fit
// into a datagram is asked for over TCP; where that fails too, what did fit is the answer, and says
// that it is truncated. The resolvers of /etc/resolv.conf are read anew when that file has changed.
//
// On the thread that looks for targets. Blocks on nothing but reading /etc/resolv.conf. Does not
// decide when to ask (control/sources/dns_looks.h).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/discovery.h"
#include "control/discovery/question_book.h"
#include "control/sources/ares_channel.h"

namespace teal::control {

class DnsAsker {
 public:
  using Done = std::function<void(const AskResult& result)>;

  DnsAsker(boost::asio::io_context& io, config::Discovery rules,
           std::string resolv_conf = "/etc/resolv.conf");
  ~DnsAsker();
  DnsAsker(const DnsAsker&) = delete;
  DnsAsker& operator=(const DnsAsker&) = delete;

  /// `done` is called later, never before it returns.
  void ask(const Question& question, const Done& done);
  /// From now on others are asked, or for another time. What is under way goes on.
  void respecify(config::Discovery rules);

 private:
  struct Channels {
    std::unique_ptr<AresChannel> udp, tcp, plain;
    bool is_idle() const { return udp->is_idle() && tcp->is_idle() && plain->is_idle(); }
  };

  /// Null where they cannot be made; why_not_ says why.
  std::shared_ptr<Channels> channels();
  std::string state_of_file() const;
  void ask_by_tcp(Channels& channels, const Question& question, net::dns::Reply cut, Done done);
  void ask_why(Channels& channels, const Question& question, Done done);

  boost::asio::io_context& io_;
  config::Discovery rules_;
  const std::string resolv_conf_;
  std::string seen_;  ///< The file as it was read.
  std::shared_ptr<Channels> channels_;
  /// Those before, until nobody waits for them any more. Not to be destroyed from within.
  std::vector<std::shared_ptr<Channels>> leaving_;
  std::string why_not_;
};

}  // namespace teal::control
