#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::model {

/// Types of numbers in files of weights.
enum class DType { float32, float16, bfloat16, float64, int64, int32, int16, int8, uint8, boolean };

/// Bytes of one element.
std::size_t byte_size(DType dtype);
/// As safetensors spells it: "F32", "BF16", ...
std::string_view safetensors_name(DType dtype);
/// As PyTorch and config.json spell it: "float32", "bfloat16", ...
std::string_view torch_name(DType dtype);
std::span<const DType> all_dtypes();
/// float32, float16 or bfloat16: what weights may have.
bool is_weight_type(DType dtype);
/// PyTorch's names of those.
std::vector<std::string> weight_type_names();
/// One of those by PyTorch's name. Throws InputError naming `key` for another one.
DType weight_type_named(const std::string& name, const std::string& key);

}  // namespace lorafleet::model
