#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "model/network/quantization/quantized_weight.hpp"

namespace lorafleet::model {

/// `values`, [out, in], in the blocks that are usual; on the caller's threads, with the same codes
/// on any number of them. Throws InputError that names file and tensor where a value is not
/// finite.
QuantizedWeight quantized(std::span<const float> values, Quantization kind, std::int64_t out,
                          std::int64_t in, const std::string& file, const std::string& tensor);

}  // namespace lorafleet::model
