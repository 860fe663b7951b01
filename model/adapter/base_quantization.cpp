#include "model/adapter/base_quantization.hpp"

#include "model/files/safetensors.hpp"

namespace lorafleet::model {
namespace {

constexpr const char* kQuantizationKey = "base_quantization";
constexpr const char* kNone = "none";

}  // namespace

std::map<std::string, std::string> adapter_metadata(const std::string& quantization) {
  std::map<std::string, std::string> metadata = {{"format", "pt"}};
  if (quantization != kNone) metadata[kQuantizationKey] = quantization;
  return metadata;
}

std::string base_quantization(const std::filesystem::path& file) {
  if (file.extension() != ".safetensors" || !std::filesystem::exists(file)) return kNone;
  const SafetensorsFile opened(file);
  const auto found = opened.metadata().find(kQuantizationKey);
  return found == opened.metadata().end() ? kNone : found->second;
}

}  // namespace lorafleet::model
