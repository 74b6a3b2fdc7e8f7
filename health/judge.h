// VerdictSource: one independent way to a rollback (ARCHITECTURE.md), fed with readings of both
// groups' counters and answering with a Verdict. Pure: no clock, no I/O. A new kind of judgement is
// a new class here and nothing else.
//
// Control thread; one set of sources per deployment, made when it starts.
#pragma once

#include <memory>
#include <string>

#include "base/counters.h"
#include "base/time.h"
#include "config/config.h"
#include "health/verdict.h"

namespace teal::health {

/// Both groups' split traffic at one instant; counters of the revision, growing since it came.
struct Reading {
  Mono at;
  TrafficCounters release;
  TrafficCounters live;
};

class VerdictSource {
 public:
  virtual ~VerdictSource() = default;
  /// The alarm's name in the configuration.
  virtual const std::string& name() const = 0;
  /// "error_rate > 1% over 30s", for a person.
  virtual std::string condition() const = 0;
  /// Takes a reading (not older than the one before) and judges all seen so far.
  virtual Verdict judge(const Reading& reading) = 0;
  /// An outside word on the alarm; only external alarms listen.
  virtual void set_external(bool /*firing*/, const std::string& /*why*/) {}
};

/// The source that a configured alarm describes.
std::unique_ptr<VerdictSource> make_source(const config::Alarm& alarm);

}  // namespace teal::health
