#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace lorafleet::bench {

/// What one process of the benchmark measures.
struct Task {
  std::string work;              ///< products, train, evaluate, generate, clients
  std::string base;              ///< a Hugging Face directory
  std::string dtype;             ///< of the frozen base
  std::string data;              ///< train, evaluate: dense, mixed; generate: prompts
  std::string lengths;           ///< the file behind "mixed"
  std::string packing = "auto";  ///< of a bfloat16 base: model.packing
  std::size_t slots = 1;
  int threads = 1;  ///< of each slot
  double seconds = 3.0;

  /// "2x1"
  [[nodiscard]] std::string setting() const {
    return std::to_string(slots) + "x" + std::to_string(threads);
  }
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Task, work, base, dtype, data, lengths, packing, slots, threads,
                                   seconds)

/// What a task found, measured on the calling process, which should have done nothing else:
///
///  - all: "peak_bytes" (VmHWM), "others" (the share of the machine's CPU time that went elsewhere)
///  - train, evaluate, generate: "tokens_per_second" (new tokens, for generate), "flops_per_token"
///    (useful ones, model/network/flops.hpp, with the head for labels alone; not for generate)
///  - products: "square", "model": FLOP/s of a large square product and of the base's shapes
///    together; "shapes": of each of them
///  - clients: "client_bytes", what a further client keeps in memory
///
/// Throws InputError.
nlohmann::json measure(const Task& task);

}  // namespace lorafleet::bench
