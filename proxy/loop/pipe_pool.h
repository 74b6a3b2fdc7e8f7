// PipePool: the pipes of a worker through which large bodies go (net/io/pipe.h). A pipe that is
// empty is anybody's; one with bytes in it belongs to the client that does not take them yet, so
// that their number is limited.
//
// Owned by its worker, used by its thread.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "net/io/pipe.h"

namespace teal::proxy {

class PipePool {
 public:
  /// Held by clients at once. Who gets none is served through memory, as small bodies are.
  static constexpr std::size_t kMaxPipes = 64;
  /// Kept while nobody needs them: one is enough for as many clients as keep up.
  static constexpr std::size_t kKept = 2;

  /// An empty one, of descriptors below `most`. Null: there are none left, or the kernel has none.
  std::unique_ptr<net::Pipe> take(int most) {
    if (!kept_.empty()) {
      std::unique_ptr<net::Pipe> pipe = std::move(kept_.back());
      kept_.pop_back();
      ++taken_;
      return pipe;
    }
    if (taken_ >= kMaxPipes) return nullptr;
    std::unique_ptr<net::Pipe> pipe = net::Pipe::make();
    if (!pipe || pipe->highest_descriptor() >= most) return nullptr;
    ++taken_;
    return pipe;
  }

  /// One with bytes in it is closed, and they are lost.
  void give_back(std::unique_ptr<net::Pipe> pipe) {
    --taken_;
    if (pipe->size() == 0 && kept_.size() < kKept) kept_.push_back(std::move(pipe));
  }

 private:
  std::vector<std::unique_ptr<net::Pipe>> kept_;
  std::size_t taken_ = 0;
};

}  // namespace teal::proxy
