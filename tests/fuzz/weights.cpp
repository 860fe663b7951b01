#include <cstddef>
#include <span>

#include "model/files/safetensors.hpp"
#include "model/files/torch_file.hpp"
#include "tests/fuzz/targets.hpp"

namespace lorafleet::fuzz {

namespace {

std::span<const std::byte> bytes_of(std::string_view input) {
  return std::as_bytes(std::span(input));
}

/// Reads every element that converts to float32.
void read_all(const std::map<std::string, model::TensorView>& tensors) {
  for (const auto& [name, view] : tensors) {
    if (model::is_weight_type(view.dtype)) static_cast<void>(view.to_float32());
  }
}

}  // namespace

void read_safetensors(std::string_view input) {
  read_all(model::parse_safetensors(bytes_of(input), "input.safetensors").tensors);
}

void read_torch_file(std::string_view input) {
  read_all(model::parse_torch_file(bytes_of(input), "input.bin"));
}

}  // namespace lorafleet::fuzz
