#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tools/pretrain/opt_size.hpp"

namespace lorafleet::pretrain {

struct Settings {
  OptSize size;
  std::filesystem::path corpus;     ///< JSON lines {"id", "text"}
  std::filesystem::path tokenizer;  ///< a Hugging Face directory
  std::filesystem::path out;
  std::int64_t tokens = 24'000'000;  ///< to train on
  std::int64_t batch_windows = 8;    ///< a step's windows of as many tokens as there are positions
  std::int64_t every_steps = 200;    ///< how often held-out text is scored, and a checkpoint left
  std::int64_t stop_after = 0;       ///< ends at a checkpoint, after so many steps; 0: at the end
  std::uint64_t seed = 42;
  std::size_t threads = 1;
  bool resume = false;
};

/// What is known each `every_steps` steps, and at the start and the end.
struct Milestone {
  std::int64_t step = 0;
  std::int64_t tokens = 0;     ///< trained on so far
  double loss = 0.0;           ///< of the training text since the last one, nats a token
  double held_out_loss = 0.0;  ///< nats a token
  double lr = 0.0;             ///< of this step
  double seconds = 0.0;        ///< spent so far, over all interruptions
};

/// What came of it.
struct Outcome {
  std::vector<Milestone> milestones;
  std::int64_t steps = 0;  ///< of the whole training
  bool complete = false;
};

/// Trains a model and writes it to `out` as a Hugging Face directory, with `pretraining.csv`, a row
/// a milestone. Until then `out` holds a checkpoint. The same settings give the same bytes with any
/// number of threads, however often it was interrupted. Throws InputError.
Outcome pretrain(const Settings& settings, const std::function<void(const std::string&)>& log);

}  // namespace lorafleet::pretrain
