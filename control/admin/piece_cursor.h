// PieceCursor: goes through the pieces of a long answer, so many bytes at a time.
//
// Pure. The pieces outlive it.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace teal::control {

class PieceCursor {
 public:
  explicit PieceCursor(const std::vector<std::string_view>& pieces) : pieces_(pieces) { skip(); }

  bool is_at_end() const { return at_ == pieces_.size(); }
  /// The next bytes, so many at most, as whatever is made of a place and a size.
  template <class Bytes = std::string_view>
  std::vector<Bytes> take(std::size_t most) {
    std::vector<Bytes> taken;
    while (most > 0 && !is_at_end()) {
      const std::string_view some = pieces_[at_].substr(begun_, most);
      taken.emplace_back(some.data(), some.size());
      most -= some.size();
      begun_ += some.size();
      skip();
    }
    return taken;
  }

 private:
  /// Past what there is no more of.
  void skip() {
    for (; at_ < pieces_.size() && begun_ == pieces_[at_].size(); ++at_) begun_ = 0;
  }

  const std::vector<std::string_view>& pieces_;
  std::size_t at_ = 0;
  std::size_t begun_ = 0;  ///< So many bytes of that piece were taken.
};

}  // namespace teal::control
