#pragma once

#include <cstddef>
#include <vector>

#include "actors/output/run_recorder.hpp"
#include "actors/output/summary_json.hpp"
#include "actors/run/learning.hpp"
#include "actors/run/slot_jobs.hpp"

namespace lorafleet::actors {

std::vector<ClientFacts> client_facts(const Learning& learning);

/// What is known at the end of a run, with the final adapter; local scores are the caller's to add.
RunSummary summarise(const FederationConfig& config, const Learning& learning,
                     const RunRecorder& recorder, const model::Adapter& adapter,
                     const RunTotals& totals, const SlotJobs& slots);

}  // namespace lorafleet::actors
