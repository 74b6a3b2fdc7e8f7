// The secrets of sticky cookies: from the store to the workers, and changed in time.
#include <utility>

#include "control/controller/state.h"

namespace teal::control {

namespace {

void save(const StickyKeeper& sticky, PendingWrites& writes) {
  for (SecretRow& row : sticky.rows()) writes.set(std::move(row));
  if (!sticky.secrets().previous) writes.forget_secret(StickyKeeper::kPrevious);
}

}  // namespace

/// The first time that a service of the configuration is sticky.
void Controller::State::take_up_sticky() {
  const std::optional<StickyKeeper::Found> found = sticky.take_up(clock.wall());
  if (!found) return;
  if (*found == StickyKeeper::Found::damaged)
    say(Level::error, "sticky.lost", "",
        "the store's secrets of sticky cookies cannot be read and are made anew: sticky clients "
        "are drawn anew");
  const bool has_changed = sticky.tick(clock.wall());
  // Nothing depends on their being written: until then a restart draws the clients anew.
  if (has_changed || *found != StickyKeeper::Found::all) save(sticky, writes);
  ports.set_sticky_secrets(sticky.secrets());
}

/// A key that cannot be written would be lost with the process, and its clients' groups with it.
void Controller::State::tick_sticky() {
  if (!writes.is_healthy() || !sticky.tick(clock.wall())) return;
  save(sticky, writes);
  flush();
  ports.set_sticky_secrets(sticky.secrets());
  publisher.renew();
  publisher.publish_changed(clock.mono());
  say(Level::info, "sticky.rotated", "", "the key of sticky cookies has changed");
}

}  // namespace teal::control
