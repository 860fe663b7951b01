#pragma once

#include <string>
#include <vector>

#include "model/network/quantization/quantization_choice.hpp"

namespace lorafleet::model {

class ConfigReader;

/// What config.json's quantization_config says of the files.
struct HeldQuantization {
  Quantization kind = Quantization::none;
  std::vector<std::string> skipped = {};  ///< parts of names of modules that stay as they are

  /// What the linear layer of this whole name is held in where the base is held in `agreed`; by
  /// the names that any of transformers 4.40 to 5 would skip.
  [[nodiscard]] Quantization of(const std::string& module, Quantization agreed) const;
};

/// Throws InputError for what is not bitsandbytes' int8 or NF4, by name.
HeldQuantization read_quantization(const ConfigReader& config);

/// What the base is to be held in: as model.quantization says, by name. Throws InputError where
/// there is none of the name, and where the files are quantised and it does not say as what.
Quantization agreed_quantization(const HeldQuantization& files, const std::string& wanted);

}  // namespace lorafleet::model
