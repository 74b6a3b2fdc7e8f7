#include "health/judge/verdict.h"

namespace teal::health {
namespace {

struct ToString {
  std::string operator()(const NotEnoughEvidence& verdict) const {
    return "not enough evidence: " + verdict.missing;
  }
  std::string operator()(const Healthy& /*verdict*/) const { return "healthy"; }
  std::string operator()(const Breached& verdict) const { return "breached: " + verdict.why; }
};

}  // namespace

std::string to_string(const Verdict& verdict) {
  return std::visit(ToString{}, verdict);
}

}  // namespace teal::health
