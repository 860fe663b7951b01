#pragma once

#include <memory>

#include "model/network/families/opt_config.hpp"

namespace lorafleet::model {

class Network;
class WeightReader;

/// The frozen tensors of an OPT (arXiv 2205.01068) and its forward pass, as Hugging Face's
/// OPTForCausalLM. With tie_word_embeddings, an lm_head.weight in the files is ignored, whatever it
/// holds, as there. Throws as WeightReader.
std::unique_ptr<Network> load_opt(const OptConfig& config, WeightReader& reader);

}  // namespace lorafleet::model
