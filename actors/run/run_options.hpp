#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "actors/net/head_options.hpp"
#include "actors/run/progress.hpp"
#include "actors/run/run_cache.hpp"

namespace lorafleet::actors {

struct RunOptions {
  std::filesystem::path out;  ///< the run directory; made by run_federation
  std::string scenario_toml;  ///< resolved scenario, stored as scenario.toml
  std::string identity;       ///< of all in the scenario that decides on the bytes of a run
  bool resume = false;        ///< go on from the latest checkpoint in `out`, if there is one
  SharedRuns shared;          ///< with other runs of this process
  std::optional<net::HeadOptions> head;  ///< given: the slots of other hosts train for this run
  std::vector<std::string> devices;  ///< to train on, instead of what slots.device says; or none
  std::stop_token stop;  ///< asked to stop: the run ends cleanly with status "interrupted"
  std::function<void(const Progress&)> progress;    ///< called from one thread at a time
  std::function<void(const std::string&)> log;      ///< info lines ("loaded the base ...")
  std::function<void(const std::string&)> warning;  ///< what a user should know; one at a time
};

/// What a run came to. `figures` holds every number of summary.json under its dotted key
/// ("final.perplexity"), for [expect] thresholds.
struct RunOutcome {
  std::string status;  ///< one of actors/coordinator/run_status.hpp
  std::string stop_reason;
  std::string adapter_sha256;
  std::string events_sha256;
  std::map<std::string, double> figures;
};

}  // namespace lorafleet::actors
