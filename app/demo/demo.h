// `teal demo`: the main job, for real and on one machine. A Teal in a process of its own, a small
// shop in two releases and a broken third, each release on two processes, and a steady load. Ships
// v2 by a canary, then v3, which is taken back; ends with what the clients saw.
//
// One thread (the load has its own); everything it starts ends with it, unless it is asked to keep
// it.
#pragma once

#include "app/client/terminal.h"

namespace teal::app {

struct DemoOptions {
  bool keep = false;
};

/// kSuccess only if v2 went live with no client noticing and v3 was rolled back.
int run_demo(const Terminal& terminal, const DemoOptions& options);

}  // namespace teal::app
