#include "model/files/dtype.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

struct DTypeEntry {
  DType dtype;
  std::string_view torch;  ///< as PyTorch and config.json spell it
  std::string_view safetensors;
  std::size_t bytes;
};
constexpr std::array<DTypeEntry, 10> kDTypes{{{DType::float32, "float32", "F32", 4},
                                              {DType::float16, "float16", "F16", 2},
                                              {DType::bfloat16, "bfloat16", "BF16", 2},
                                              {DType::float64, "float64", "F64", 8},
                                              {DType::int64, "int64", "I64", 8},
                                              {DType::int32, "int32", "I32", 4},
                                              {DType::int16, "int16", "I16", 2},
                                              {DType::int8, "int8", "I8", 1},
                                              {DType::uint8, "uint8", "U8", 1},
                                              {DType::boolean, "bool", "BOOL", 1}}};

const DTypeEntry& entry_of(DType dtype) {
  return kDTypes[static_cast<std::size_t>(dtype)];
}

}  // namespace

std::size_t byte_size(DType dtype) {
  return entry_of(dtype).bytes;
}

std::string_view safetensors_name(DType dtype) {
  return entry_of(dtype).safetensors;
}

std::string_view torch_name(DType dtype) {
  return entry_of(dtype).torch;
}

std::span<const DType> all_dtypes() {
  static const auto kAll = [] {
    std::array<DType, kDTypes.size()> all{};
    std::transform(kDTypes.begin(), kDTypes.end(), all.begin(),
                   [](const DTypeEntry& entry) { return entry.dtype; });
    return all;
  }();
  return kAll;
}

bool is_weight_type(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float16 || dtype == DType::bfloat16;
}

std::vector<std::string> weight_type_names() {
  std::vector<std::string> names;
  for (const DTypeEntry& entry : kDTypes) {
    if (is_weight_type(entry.dtype)) names.emplace_back(entry.torch);
  }
  return names;
}

DType weight_type_named(const std::string& name, const std::string& key) {
  for (const DTypeEntry& entry : kDTypes) {
    if (name == entry.torch && is_weight_type(entry.dtype)) return entry.dtype;
  }
  throw InputError(key, "\"" + name + "\" is not known; allowed: " + join(weight_type_names()));
}

}  // namespace lorafleet::model
