#include "model/network/agreed_held.hpp"

#include "model/network/quantization/bitsandbytes.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

Quantization agreed_held(const HeldQuantization& said, const Checkpoint& checkpoint,
                         const std::string& key, const std::string& module) {
  const Checkpoint::Tensor* tensor = checkpoint.find(key);
  if (tensor == nullptr) return Quantization::none;
  const auto refuse = [&](const std::string& reason) {
    throw InputError(checkpoint.path_of(*tensor).string(), "tensor " + key + " " + reason);
  };
  const Quantization held = held_in(checkpoint, key);
  const bool says_none = said.kind == Quantization::none;
  if (held != Quantization::none && held == said.kind) return held;
  if (held != Quantization::none && (!says_none || tensors_of(checkpoint, key).size() > 1)) {
    refuse("is quantised by bitsandbytes as " + name_of(held) + ", but config.json " +
           (says_none ? "has no quantization_config" : "says " + name_of(said.kind)));
  }
  if (!is_weight_type(tensor->view.dtype))
    refuse("is no numbers, and nothing says what it is quantised with");
  if (said.of(module, said.kind) != Quantization::none) {
    refuse("is numbers, but quantization_config says " + name_of(said.kind) +
           " and does not skip it (llm_int8_skip_modules)");
  }
  return Quantization::none;
}

}  // namespace lorafleet::model
