#pragma once
// Internal to actors/: the typed messages and handles. Includes CAF.

#include <caf/all.hpp>
#include <memory>

#include "actors/coordinator/coordinator.hpp"
#include "model/evaluation/evaluation.hpp"
#include "model/training/trainer.hpp"

namespace lorafleet::actors {

/// Client to host: train this on any slot, the earliest virtual arrival first.
struct QueueJob {
  sim::VirtualTime arrival;
  model::TrainJob job;
};

/// Aggregator to client, client to host: the result can no longer count.
struct AbandonJob {
  sim::JobId id;
};

/// Host to slot: a job more; it joins those that the slot has at the next pass.
struct RunJob {
  model::TrainJob job;
};

/// Host to slot: train the jobs that you have until some end.
struct AdvanceJobs {};
/// Slot to host, behind the results: places are free, and the slot waits for who fills them.
struct JobsAdvanced {};

/// Slot to itself: bring the jobs that it has one pass further.
struct NextPass {};

/// Slot to host, host to client. Null where the job was abandoned before it was trained.
struct JobResult {
  std::shared_ptr<const model::TrainResult> result;
};

/// Aggregator to evaluator. A null adapter scores the base.
struct EvaluateVersion {
  sim::Version version;
  model::AdapterPtr adapter;
  bool fully = false;  ///< with the metrics that generate text
};

struct VersionEvaluated {
  sim::Version version;
  std::shared_ptr<const model::Evaluation> evaluation;
};

/// To the aggregator: begin; answered when the run is over and every evaluation is in.
struct StartRun {};
struct RunFinished {
  model::AdapterPtr adapter;
  RunTotals totals;
  ClientsOwn clients;
};
/// To the aggregator: end the run cleanly at the current virtual time.
struct InterruptRun {};

}  // namespace lorafleet::actors

CAF_BEGIN_TYPE_ID_BLOCK(lorafleet, first_custom_type_id)
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::TrainRequest))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::ClientUpdate))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::QueueJob))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::AbandonJob))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::JobFailed))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::RunJob))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::AdvanceJobs))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::JobsAdvanced))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::NextPass))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::JobResult))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::EvaluateVersion))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::VersionEvaluated))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::StartRun))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::RunFinished))
CAF_ADD_TYPE_ID(lorafleet, (lorafleet::actors::InterruptRun))
CAF_END_TYPE_ID_BLOCK(lorafleet)

// These stay inside one process, where messages carry pointers to immutable data.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::TrainRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::ClientUpdate)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::QueueJob)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::AbandonJob)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::JobFailed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::RunJob)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::AdvanceJobs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::JobsAdvanced)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::NextPass)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::JobResult)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::EvaluateVersion)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::VersionEvaluated)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::StartRun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::RunFinished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lorafleet::actors::InterruptRun)

namespace lorafleet::actors {

using SlotHandle =
    caf::typed_actor<caf::replies_to<RunJob>::with<JobResult>,
                     caf::replies_to<AdvanceJobs>::with<JobsAdvanced>, caf::reacts_to<NextPass>>;
using HostHandle =
    caf::typed_actor<caf::replies_to<QueueJob>::with<JobResult>, caf::reacts_to<AbandonJob>>;
/// Answers each TrainRequest that is trained with a ClientUpdate or a JobFailed to its sender.
using ClientHandle = caf::typed_actor<caf::reacts_to<TrainRequest>, caf::reacts_to<AbandonJob>>;
/// Who gets what clients trained: the aggregator, or the link to it on a host.
using UpdateSink = caf::typed_actor<caf::reacts_to<ClientUpdate>, caf::reacts_to<JobFailed>>;
using EvaluatorHandle = caf::typed_actor<caf::replies_to<EvaluateVersion>::with<VersionEvaluated>>;
using AggregatorHandle =
    caf::typed_actor<caf::replies_to<StartRun>::with<RunFinished>, caf::reacts_to<InterruptRun>,
                     caf::reacts_to<ClientUpdate>, caf::reacts_to<JobFailed>>;

}  // namespace lorafleet::actors
