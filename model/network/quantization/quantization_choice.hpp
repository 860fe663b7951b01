#pragma once

#include <string>

#include "model/network/rows/quantized_rows.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::model {

/// model.quantization: what the base's linear layers, but for its head, are held in.
inline const NamedValues<Quantization>& quantization_choices() {
  static const NamedValues<Quantization> kRegistry(
      "model.quantization",
      {{"none", Quantization::none}, {"int8", Quantization::int8}, {"nf4", Quantization::nf4}});
  return kRegistry;
}

/// As it is called there.
inline std::string name_of(Quantization kind) {
  return quantization_choices()
      .names_where([&](const auto& choice) { return choice.value == kind; })
      .front();
}

}  // namespace lorafleet::model
