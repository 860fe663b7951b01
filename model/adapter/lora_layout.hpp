#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "model/adapter/adapter.hpp"
#include "model/network/opt_config.hpp"

namespace lorafleet::model {

/// The linear layers of an OPT: those of each decoder layer, then those around all of them, which
/// only a model with a narrower embedding has. In the order of an adapter's layout. Internal to
/// model/.
enum class LinearKind : std::uint8_t {
  q_proj,
  k_proj,
  v_proj,
  out_proj,
  fc1,
  fc2,
  project_in,
  project_out
};
inline constexpr std::size_t layer_kinds = 6;  ///< of a decoder layer
inline constexpr std::size_t linear_kinds = 8;

/// "q_proj".
std::string name_of(LinearKind kind);
/// "model.decoder.layers.3.self_attn.q_proj", "model.decoder.layers.3.fc1",
/// "model.decoder.project_in" (whatever the layer).
std::string module_name(std::int64_t layer, LinearKind kind);

/// Whether a module stands before another one in make_layout's order: by layer, then by kind;
/// others come last, by name.
bool comes_before(const std::string& a, const std::string& b);

struct LinearShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
};
LinearShape shape_of(const OptConfig& opt, LinearKind kind);

/// Which linear layer of the model a module of an adapter stands for; the layer is 0 for those
/// around the decoder layers.
struct ModulePlace {
  std::int64_t layer = 0;
  LinearKind kind = LinearKind::q_proj;
};
/// Throws InputError where the model has no such layer or the shapes differ.
ModulePlace find_module(const OptConfig& opt, const LoraModule& module);

}  // namespace lorafleet::model
