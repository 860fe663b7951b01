#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/text/tokenizer.hpp"
#include "tools/pretrain/opt_network.hpp"

namespace lorafleet::pretrain {

/// Documents as tokens, each with the token that ends a text behind it.
struct Corpus {
  std::vector<std::uint16_t> training;
  std::vector<std::uint16_t> held_out;
  std::size_t documents = 0;  ///< in both
  std::string sha256;         ///< of the file
};

/// Whether a document is held out: one in a hundred, by its id alone (fnv1a64(id) % 100 == 0).
bool is_held_out(const std::string& id);

/// Reads JSON lines {"id", "text"}, and encodes them on `workers` threads. Throws InputError naming
/// file and line, and for a tokenizer of more than 65,536 tokens.
Corpus read_corpus(const std::filesystem::path& file, const model::Tokenizer& tokenizer,
                   std::int32_t end, std::size_t workers);

/// The stretches of a stream of tokens that a training goes through. Each epoch cuts the stream
/// anew, from a start of its own, into stretches of `length` tokens, and shuffles them. A pure
/// function of (seed, number).
class WindowPlan {
 public:
  /// Throws InputError, naming `what`, where the stream is too short for one.
  WindowPlan(std::size_t stream, std::int64_t length, std::uint64_t seed, const std::string& what);

  /// Windows in an epoch.
  [[nodiscard]] std::size_t each_epoch() const { return each_epoch_; }
  /// Where window `number` (from 0, on through the epochs) starts in the stream.
  [[nodiscard]] std::size_t start(std::size_t number);

 private:
  std::size_t length_;
  std::uint64_t seed_;
  std::size_t each_epoch_;
  std::size_t epoch_ = static_cast<std::size_t>(-1);
  std::vector<std::size_t> starts_;  ///< of `epoch_`
};

/// Appends a window: `length` tokens of the stream to predict, the first of them from `end` alone,
/// as every text begins that a base is used on.
void append_window(Windows& windows, const std::vector<std::uint16_t>& stream, std::size_t start,
                   std::int32_t end);

}  // namespace lorafleet::pretrain
