#pragma once

#include "actors/strategy/messages/compression.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::strategy {

/// The name of the residual in a client's private state: as many values as its adapter has.
inline constexpr const char* kErrorFeedback = "error_feedback";

/// The update as the server reads it. With s the adapter that the job started from, w the one that
/// it trained, e the client's residual (0 at first) and C what writing and reading makes of values:
///
///     p = w - s + e,    w' = s + C(p),    e' = p - C(p)
///
/// (error feedback: Seide et al., Interspeech 2014; Karimireddy et al., ICML 2019, arXiv
/// 1901.09847, algorithm 2). Without error feedback e stays 0. Only the carried factors are
/// concerned: the others, and their residual, stay as they are. A residual of another length (the
/// client's rank has changed) counts as 0. Other private state is passed on.
///
/// Without compression the result is passed on as it is, and so is one that is not finite, which
/// the server will refuse. Throws std::invalid_argument where the layout is not that of the start.
model::TrainResult compressed_update(const CodecPtr& codec, bool error_feedback,
                                     model::Factors carried, const model::TrainJob& job,
                                     model::TrainResult result);

}  // namespace lorafleet::strategy
