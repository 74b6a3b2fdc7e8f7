// How the C library's allocator keeps memory that was freed.
#pragma once

namespace teal::app {

/// Blocks of 1 MiB and more come from the system and go back to it one by one. Without this the
/// allocator learns from the largest block that was ever freed, which is the file's text of some
/// megabytes, and keeps those of every scrape among what stays. Call it before there are threads.
void set_allocator_thresholds();

}  // namespace teal::app
