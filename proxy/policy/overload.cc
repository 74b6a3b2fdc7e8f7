#include "proxy/policy/overload.h"

#include <algorithm>

namespace teal::proxy {
namespace {

/// The highest level whose mark, lowered by so much, is reached.
std::size_t level_of(std::uint64_t share, std::uint64_t lowered) {
  std::size_t level = kOverloadLevels - 1;
  while (level > 0 && share + lowered < OverloadLadder::kMarks[level]) --level;
  return level;
}

std::string reasons_for(const Usages& usages, std::size_t level) {
  std::string reasons;
  if (level == 0) return reasons;
  for (std::size_t i = 0; i < usages.size(); ++i) {
    if (level_of(usages[i].share(), OverloadLadder::kSlack) < level) continue;
    if (!reasons.empty()) reasons += ", ";
    reasons += to_string(static_cast<OverloadResource>(i));
    reasons += ' ' + std::to_string(usages[i].share() / 10) + '%';
  }
  return reasons;
}

}  // namespace

std::string_view to_string(OverloadResource resource) {
  switch (resource) {
    case OverloadResource::memory: return "memory";
    case OverloadResource::connections: return "connections";
    case OverloadResource::descriptors: return "descriptors";
  }
  return "";
}

bool OverloadLadder::step(const Usages& usages, Mono now) {
  std::uint64_t share = 0;
  for (const Usage& usage : usages) share = std::max(share, usage.share());
  const auto before = static_cast<std::size_t>(level_);
  std::size_t level = before;
  if (const std::size_t wanted = level_of(share, 0); wanted > level) {
    level = wanted;
    pressed_ = now;
  } else if (level_of(share, kSlack) >= level) {
    pressed_ = now;
  } else if (now - pressed_ >= kCalm) {
    --level;
    pressed_ = now;
  }
  level_ = static_cast<OverloadLevel>(level);
  reasons_ = reasons_for(usages, std::max(level, before));
  return level != before;
}

}  // namespace teal::proxy
