#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/network/families/new_size.hpp"
#include "model/network/family.hpp"

namespace lorafleet::model {

/// What Llama and those after it have in common (arXiv 2302.13971): RMS norms before each half of a
/// layer, rotary positions, grouped-query attention, a gated feed-forward part. What one of them
/// has of its own, the defaults of absent keys among it:
struct GatedDecoder {
  std::string family;
  std::int64_t kv_heads = 0;  ///< 0: as many as there are heads
  std::int64_t head_dim = 0;  ///< 0: hidden_size / heads
  std::int64_t positions = 0;
  std::optional<std::int32_t> end = {};  ///< the token that ends a text
  double epsilon = 1e-6;
  double theta = 10000.0;
  std::string activation_key = "hidden_act";
  std::string activation = "silu";
  bool query_bias = false;  ///< of queries, keys and values
  bool output_bias = false;
  bool feed_forward_bias = false;
  bool head_norms = false;  ///< of queries and keys
  bool tied = false;
};

/// Reads the keys that all of them have. Throws InputError.
BaseDescription read_gated_decoder(const ConfigReader& config, const GatedDecoder& own);

/// Tokens of `sliding_window`: 0 where it is null, the classes' own 4096 where it is absent.
std::int64_t read_window(const ConfigReader& config);

/// Gives the layers that slide a window of tokens: those that `layer_types` calls
/// "sliding_attention", or, where config.json lists none, those for which `slides` holds.
void set_windows(BaseDescription& base, const ConfigReader& config, std::int64_t window,
                 const std::function<bool(std::int64_t)>& slides);
/// Which layers those are.
std::vector<bool> sliding_layers(const ConfigReader& config, std::int64_t layers,
                                 const std::function<bool(std::int64_t)>& slides);

/// As Qwen says it: with use_sliding_window, in the layers from max_window_layers on.
void set_upper_windows(BaseDescription& base, const ConfigReader& config);

/// A published size.
struct GatedSize {
  const char* name;
  std::int64_t layers;
  std::int64_t width;
  std::int64_t heads;
  std::int64_t kv_heads;
  std::int64_t head_dim;
  std::int64_t feed_forward;
  std::int64_t vocabulary;
  std::int64_t positions;
  double theta;
  double epsilon;
  bool tied;
  std::int32_t begin;
  std::int32_t end;
};

/// The keys of a config.json that all of them have; `architecture` is Hugging Face's class.
nlohmann::ordered_json gated_config(const std::string& family, const std::string& architecture,
                                    const GatedSize& size, const SizeChanges& changes);

}  // namespace lorafleet::model
