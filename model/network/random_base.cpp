#include "model/network/random_base.hpp"

#include <vector>

#include "model/files/hf_directory.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {
namespace {

/// `index` in the list of tensors keys the draws.
void produce(const RandomTensor& tensor, std::uint64_t seed, std::size_t index,
             const ProducedTensor::Sink& sink) {
  constexpr double kDeviation = 0.02;
  using Init = RandomTensor::Init;
  const std::int64_t rows = tensor.shape[0];
  const std::int64_t columns = tensor.shape.size() > 1 ? tensor.shape[1] : 1;
  Random random(seed, Purpose::base_init, index);
  std::vector<float> row(static_cast<std::size_t>(columns));
  for (std::int64_t i = 0; i < rows; ++i) {
    for (float& value : row) {
      value = tensor.init == Init::normal ? static_cast<float>(kDeviation * random.normal())
                                          : (tensor.init == Init::ones ? 1.0f : 0.0f);
      if (tensor.zero_row == i) value = 0.0f;
    }
    sink(row);
  }
}

}  // namespace

void write_random_base(const std::filesystem::path& out, const BaseDescription& base,
                       std::uint64_t seed, DType dtype, std::uint64_t max_shard_bytes) {
  make_folder(out);
  std::vector<ProducedTensor> tensors;
  for (const RandomTensor& tensor : base.random_weights()) {
    tensors.push_back({tensor.name, tensor.shape,
                       [tensor, seed, index = tensors.size()](const ProducedTensor::Sink& sink) {
                         produce(tensor, seed, index, sink);
                       }});
  }
  write_weights(out, tensors, dtype, max_shard_bytes);
  write_file(out / "config.json", base.config_text(dtype));
}

}  // namespace lorafleet::model
