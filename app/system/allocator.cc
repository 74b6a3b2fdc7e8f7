#include "app/system/allocator.h"

#include <malloc.h>

#include "base/long_text.h"

namespace teal::app {

void set_allocator_thresholds() {
  ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(LongText::kLastBlock));
  // So much at the end of the heap is kept, for what comes next.
  ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * LongText::kLastBlock));
}

}  // namespace teal::app
