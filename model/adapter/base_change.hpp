#pragma once

#include <filesystem>
#include <string>

#include "model/adapter/adapter.hpp"
#include "model/shape.hpp"

namespace lorafleet::model {

/// The file of an adapter's base change, beside its adapter_model.safetensors.
inline constexpr const char* kBaseChangeFile = "base_change.safetensors";

/// Throws InputError where the model lacks one of the changed layers, a shape differs, a module
/// occurs twice or a matrix has not its size.
void check_fits(const BaseChange& change, const ModelShape& shape);

/// Writes a safetensors file with a tensor "<module>.weight" [out, in] in float32 for each module,
/// to be added to the base's tensor of that name, and the metadata "lorafleet": "base_change", with
/// those of an adapter (model/adapter/base_quantization.hpp). Atomically. Throws RuntimeFailure.
void save_base_change(const std::filesystem::path& path, const BaseChange& change,
                      const std::string& quantization = "none");

/// Reads such a file (float32, float16 or bfloat16), the modules in the order of `shape`. The id
/// follows from the content: the first 64 bits of its SHA-256. Throws InputError, also for a file
/// that is not marked as a base change, or holds values that are not finite.
BaseChangePtr load_base_change(const std::filesystem::path& path, const ModelShape& shape);

}  // namespace lorafleet::model
