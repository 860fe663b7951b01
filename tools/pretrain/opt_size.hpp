#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace lorafleet::pretrain {

/// OPT's first two positions are never used.
constexpr std::int64_t kPositionOffset = 2;

/// An OPT model that is trained from nothing: norms before each half of a layer, feed-forward parts
/// of four times the width, ReLU, a head tied to the embedding.
struct OptSize {
  std::string name;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t width = 0;
  double lr = 0.0;  ///< of its pre-training, at its highest
  std::int64_t vocabulary = 4096;
  std::int64_t positions = 512;

  [[nodiscard]] std::int64_t wide() const { return 4 * width; }
};

/// opt-nano, opt-micro, opt-mini, opt-small.
const std::vector<OptSize>& opt_sizes();
std::vector<std::string> opt_size_names();
/// Throws InputError naming `key`.
const OptSize& opt_size_named(const std::string& name, const std::string& key);

/// Throws InputError where the numbers do not make a model.
void check(const OptSize& size);

/// Its config.json, for weights in bfloat16.
nlohmann::ordered_json config_of(const OptSize& size);

/// A tensor of the model, in one flat vector of all its weights.
struct Parameter {
  std::string name;  ///< Hugging Face's
  std::vector<std::int64_t> shape;
  std::size_t offset = 0;  ///< of its first element
  double deviation = 0.0;  ///< of its first values, normal around 0; 0: they are `start`
  float start = 0.0f;

  [[nodiscard]] std::size_t numel() const;
  /// Weight decay shrinks matrices alone.
  [[nodiscard]] bool decays() const { return shape.size() > 1; }
};

/// All of them, one behind the other. Queries', keys' and values' stand together, so that they can
/// be taken for one matrix [3 d, d] and one bias [3 d].
std::vector<Parameter> parameters_of(const OptSize& size);
std::size_t total_size(const std::vector<Parameter>& parameters);

/// The first weights: matrices normal with deviation 0.02, those onto the residual stream with
/// 0.02 / sqrt(2 layers); biases 0, norms that change nothing. A pure function of size and seed.
std::vector<float> first_weights(const OptSize& size, std::uint64_t seed);

}  // namespace lorafleet::pretrain
