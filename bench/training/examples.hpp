#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "model/shape.hpp"
#include "model/text/encoded_data.hpp"
#include "partition/support/indices.hpp"

namespace lorafleet::bench {

/// Tokens of an example, and how many of them, its last, are labels.
struct ExampleLength {
  std::size_t tokens = 0;
  std::size_t labels = 0;
};

/// A step trains on so many examples, a batch of an evaluation on twice as many.
inline constexpr std::size_t kStepExamples = 8;
inline constexpr std::size_t kDenseTokens = 128;
inline constexpr std::size_t kDenseLabels = 20;
inline constexpr std::size_t kExamples = 64;  ///< of dense data

/// A table "tokens,labels" with a header. Throws InputError naming file and line; a whole number of
/// evaluation's batches is asked for.
std::vector<ExampleLength> read_lengths(const std::filesystem::path& file);

/// "dense" or "mixed" (those of `file`). Throws InputError.
std::vector<ExampleLength> lengths_of(const std::string& data, const std::filesystem::path& file);

double label_share(const std::vector<ExampleLength>& lengths);

/// Random tokens. Throws InputError where an example is longer than the base's positions.
model::EncodedDataPtr random_examples(const model::ModelShape& shape,
                                      const std::vector<ExampleLength>& lengths);

/// 0 to count - 1 in groups of `size`; a rest that fills none is left out.
std::vector<Indices> in_groups(std::size_t count, std::size_t size);

}  // namespace lorafleet::bench
