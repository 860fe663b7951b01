#include "model/network/random_base.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "model/files/hf_directory.hpp"
#include "model/network/base_tensors.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"

namespace lorafleet::model {
namespace {

constexpr double kDeviation = 0.02;

/// Of a new model's tensor; 0: all of one value.
double deviation_of(const BaseTensor& tensor, const BaseDescription& base) {
  if (tensor.kind == BaseTensor::Kind::bias || tensor.kind == BaseTensor::Kind::norm) return 0.0;
  const bool shrinks =
      tensor.kind == BaseTensor::Kind::residual_linear && base.parts.shrinks_residual_init;
  const auto layers = static_cast<double>(base.shape.layers);
  return shrinks ? kDeviation / std::sqrt(2.0 * layers) : kDeviation;
}

/// Of a norm's weights and of biases.
float value_of(const BaseTensor& tensor, const BaseDescription& base) {
  return tensor.kind == BaseTensor::Kind::norm && !base.parts.norm.one_plus ? 1.0f : 0.0f;
}

/// `index` in the list of tensors keys the draws.
void produce(const BaseTensor& tensor, const BaseDescription& base, std::uint64_t seed,
             std::size_t index, const ProducedTensor::Sink& sink) {
  const std::int64_t rows = tensor.shape[0];
  const std::int64_t columns = tensor.shape.size() > 1 ? tensor.shape[1] : 1;
  const double deviation = deviation_of(tensor, base);
  const bool pads = tensor.kind == BaseTensor::Kind::embedding && base.shape.padding;
  Random random(seed, Purpose::base_init, index);
  std::vector<float> row(static_cast<std::size_t>(columns), value_of(tensor, base));
  for (std::int64_t i = 0; i < rows; ++i) {
    for (float& value : row) {
      if (deviation > 0.0) value = static_cast<float>(deviation * random.normal());
      if (pads && i == *base.shape.padding) value = 0.0f;
    }
    sink(row);
  }
}

}  // namespace

void write_random_base(const std::filesystem::path& out, const NewBase& base, std::uint64_t seed,
                       DType dtype, std::uint64_t max_shard_bytes) {
  make_folder(out);
  std::vector<ProducedTensor> tensors;
  for (const BaseTensor& tensor : base_tensors(base.description)) {
    tensors.push_back(
        {tensor.name, tensor.shape,
         [&base, tensor, seed, index = tensors.size()](const ProducedTensor::Sink& sink) {
           produce(tensor, base.description, seed, index, sink);
         }});
  }
  write_weights(out, tensors, dtype, max_shard_bytes);
  auto config = nlohmann::ordered_json::parse(base.config);
  config["dtype"] = torch_name(dtype);
  write_file(out / "config.json", config.dump(2) + "\n");
}

}  // namespace lorafleet::model
