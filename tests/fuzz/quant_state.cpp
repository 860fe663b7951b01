#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/files/checkpoint.hpp"
#include "model/files/safetensors.hpp"
#include "model/network/quantization/bitsandbytes.hpp"
#include "tests/fuzz/input_folder.hpp"
#include "tests/fuzz/targets.hpp"

namespace lorafleet::fuzz {

namespace {

constexpr std::int64_t kSide = 64;
const std::string kWeight = "fc1.weight";

/// All but the state of a weight [kSide, kSide] in NF4.
class Parts {
 public:
  Parts(std::int64_t block, bool nested) {
    const std::int64_t blocks = kSide * kSide / block;
    add(kWeight, std::vector<std::uint8_t>(kSide * kSide / 2, 0xe1), model::DType::uint8);
    add(kWeight + ".quant_map",
        std::vector<float>(model::kNf4Values.begin(), model::kNf4Values.end()),
        model::DType::float32);
    if (!nested) {
      add(kWeight + ".absmax", std::vector<float>(blocks, 0.5f), model::DType::float32);
      return;
    }
    add(kWeight + ".absmax", std::vector<std::uint8_t>(blocks, 3), model::DType::uint8);
    add(kWeight + ".nested_absmax", std::vector<float>(1, 0.25f), model::DType::float32);
    add(kWeight + ".nested_quant_map", std::vector<float>(256, 0.5f), model::DType::float32);
  }

  void write(const InputFolder& folder, std::string_view state) const {
    std::vector<model::NamedTensor> tensors;
    for (const Part& part : parts_)
      tensors.push_back(
          {part.name, part.dtype, {part.count}, std::as_bytes(std::span(part.bytes))});
    tensors.push_back({kWeight + ".quant_state.bitsandbytes__nf4",
                       model::DType::uint8,
                       {std::ssize(state)},
                       std::as_bytes(std::span(state))});
    model::write_safetensors(folder.path() / "model.safetensors", tensors, {});
  }

 private:
  struct Part {
    std::string name;
    model::DType dtype;
    std::int64_t count;
    std::vector<char> bytes;
  };

  template <typename Number>
  void add(const std::string& name, const std::vector<Number>& numbers, model::DType dtype) {
    const auto bytes = std::as_bytes(std::span(numbers));
    const auto* first = reinterpret_cast<const char*>(bytes.data());
    parts_.push_back({name, dtype, std::ssize(numbers), {first, first + bytes.size()}});
  }

  std::vector<Part> parts_;
};

}  // namespace

void read_quant_state(std::string_view input) {
  static const InputFolder folder;
  if (input.empty()) return;
  const unsigned kind = static_cast<unsigned char>(input.front()) % 16;
  Parts(std::int64_t{32} << kind / 2, kind % 2 == 1).write(folder, input.substr(1));
  const model::Checkpoint checkpoint(folder.path());
  if (model::held_in(checkpoint, kWeight) != model::Quantization::nf4) __builtin_trap();
  const auto weight = model::read_quantized(checkpoint, kWeight, kSide, kSide);
  weight.read(false, [](std::span<const float> values) {
    for (const float value : values) {
      if (!std::isfinite(value)) __builtin_trap();
    }
  });
}

}  // namespace lorafleet::fuzz
