#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace lorafleet::model {

/// The metadata of the safetensors files of an adapter that was trained on a base held in
/// `quantization` (model.quantization): PEFT's "format", and where it is not "none",
/// "base_quantization", which PEFT does not read.
std::map<std::string, std::string> adapter_metadata(const std::string& quantization);

/// What they say in such a file, an adapter's factors or its base change; "none" where they say
/// nothing, and where the file is not there or has another form. Throws InputError where it is
/// damaged.
std::string base_quantization(const std::filesystem::path& file);

}  // namespace lorafleet::model
