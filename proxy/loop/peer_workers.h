// PeerWorkers: what one worker may ask of the others. WorkerPool carries it to them.
//
// Called on worker threads. A call returns at once; the other worker does it when it comes to it.
#pragma once

#include <cstddef>
#include <memory>

namespace teal::proxy {

struct AcceptedConnection;
struct GroupLimits;

class PeerWorkers {
 public:
  /// Gives an accepted connection to another worker, which serves it.
  virtual void hand_over(std::size_t to, AcceptedConnection accepted) = 0;
  /// Tells another worker that there is room for its waiting requests.
  virtual void call(std::size_t to, const std::shared_ptr<GroupLimits>& group) = 0;

 protected:
  ~PeerWorkers() = default;
};

}  // namespace teal::proxy
