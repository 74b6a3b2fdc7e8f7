// ListenerPlan: which listening sockets go on when another configuration is loaded, and under which
// listener, which are to be opened and which to be closed. Sockets belong to addresses: a listener
// that is renamed, or whose address another one takes over, needs no new ones, and who waits in
// them is served by the new rules.
//
// Pure, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "config/config.h"

namespace teal::proxy {

/// The sockets of one address, one for each worker; a number that is never used again.
using SocketSetId = std::uint32_t;

/// One that is open.
struct OpenListener {
  SocketSetId id = 0;
  std::string listener;    ///< Whose rules are for it.
  Address asked;           ///< As the configuration says.
  Address bound;           ///< As the system says: with the port that it chose.
  std::uint32_t mode = 0;  ///< Of a Unix socket's file.
};

struct ListenerPlan {
  struct Taken {
    SocketSetId id = 0;
    std::string listener;  ///< From now on.
  };
  std::vector<Taken> taken_over;          ///< Those whose listener is another one than before.
  std::vector<SocketSetId> surplus;       ///< To be closed.
  std::vector<config::Listener> missing;  ///< To be opened, in the order of opening: those first
                                          ///< that have a port at all addresses.
  std::vector<std::string> ended;         ///< Listeners that there are not any more.
};

/// Whoever connects to one of them may reach the other: they are the same, or one has the port at
/// all addresses.
bool covers(const Address& one, const Address& other);

ListenerPlan plan_listeners(const std::vector<OpenListener>& open, const config::Config& config);

/// A listener of ours has the port already, at all addresses or at one of them: it is not to be
/// asked for exclusively.
bool shares_port(const config::Listener& listener, const std::vector<OpenListener>& open,
                 const std::vector<config::Listener>& others);

}  // namespace teal::proxy
