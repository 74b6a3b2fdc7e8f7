// Which states of control/engine/deployment.h are alike, as concepts: what the overload sets of the
// engine are written in.
//
// Types only. Included by the engine alone.
#pragma once

#include <concepts>

#include "control/engine/deployment.h"

namespace teal::control::engine {

using namespace state;  // NOLINT: the states are this file's subject,
using namespace event;  // NOLINT: and so are the events.

template <class T, class... Ts>
concept OneOf = (std::same_as<T, Ts> || ...);

template <class S>
concept Terminal = OneOf<S, Succeeded, Failed, Stopped>;
template <class S>
concept Waiting = OneOf<S, Preparing, Shifting, Baking, Gated, AwaitingEvidence>;
template <class S>
concept Steered = Waiting<S> || OneOf<S, Paused, Promoting, Watching>;
template <class S>
concept GoingBack = OneOf<S, Reinstalling, RollingBack>;
template <class S>
concept Running = Steered<S> || GoingBack<S>;
template <class E>
concept OperatorCommand = OneOf<E, Proceed, Pause, Promote, Stop>;

}  // namespace teal::control::engine
