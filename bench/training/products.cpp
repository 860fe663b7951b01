#include "bench/training/products.hpp"

#include <ATen/ATen.h>
#include <torch/cuda.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "model/device/device.hpp"
#include "model/network/layers/frozen_product.hpp"
#include "partition/support/error.hpp"
#include "tests/support/test_device.hpp"

namespace lorafleet::bench {
namespace {

constexpr std::int64_t kRows = 1024;
constexpr std::int64_t kSquare = 2048;

/// A product's sizes, and how often the base has it.
struct Product {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t rows = 0;
  double count = 1.0;

  /// Of both directions.
  [[nodiscard]] double flops() const {
    return 4.0 * static_cast<double>(rows) * static_cast<double>(in) * static_cast<double>(out);
  }
};

std::vector<Product> products_of(const model::ModelShape& shape, double label_share) {
  std::map<std::pair<std::int64_t, std::int64_t>, double> counts;
  for (std::size_t i = 0; i < shape.modules(); ++i)
    counts[{shape.linear(i).in, shape.linear(i).out}] += 1.0;
  std::vector<Product> products;
  for (const auto& [size, count] : counts)
    products.push_back({size.first, size.second, kRows, count});
  const auto labels =
      std::max<std::int64_t>(1, std::llround(label_share * static_cast<double>(kRows)));
  products.push_back({shape.embedding, shape.vocabulary, labels, 1.0});
  return products;
}

at::ScalarType type_named(const std::string& dtype) {
  if (dtype == "float32") return at::kFloat;
  if (dtype == "bfloat16") return at::kBFloat16;
  throw InputError("--dtypes", "\"" + dtype + "\" is not known; allowed: float32, bfloat16");
}

/// Of the fastest of many runs, a forward and a backward product each.
double fastest_seconds(const Product& product, at::ScalarType type, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto options = at::TensorOptions(model::open_device(tests::bench_device())).dtype(type);
  const at::Tensor weight = at::full({product.out, product.in}, 0.01, options);
  const at::Tensor x = at::full({product.rows, product.in}, 0.5, options);
  const at::Tensor g = at::full({product.rows, product.out}, 0.5, options);
  const auto finish = [&] {
    if (weight.is_cuda()) torch::cuda::synchronize();
  };
  const auto packed = model::packed_weights(weight);
  const auto begun = Clock::now();
  double fastest = std::numeric_limits<double>::infinity();
  for (int runs = 0; runs < 2 || Clock::now() - begun < std::chrono::duration<double>(seconds);
       ++runs) {
    finish();
    const auto start = Clock::now();
    model::times_transposed(x, weight, {}, packed.get());
    model::times(g, weight, packed.get());
    finish();
    fastest = std::min(fastest, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return fastest;
}

}  // namespace

nlohmann::json measure_products(const model::ModelShape& shape, const std::string& dtype,
                                double label_share, double seconds) {
  const at::ScalarType type = type_named(dtype);
  const auto products = products_of(shape, label_share);
  const double each = seconds / static_cast<double>(products.size() + 1);
  const Product square{kSquare, kSquare, kSquare};
  nlohmann::json result;
  result["square"] = square.flops() / fastest_seconds(square, type, each);
  result["shapes"] = nlohmann::json::array();
  double flops = 0.0;
  double time = 0.0;
  for (const Product& product : products) {
    const double once = fastest_seconds(product, type, each);
    result["shapes"].push_back({{"in", product.in},
                                {"out", product.out},
                                {"rows", product.rows},
                                {"flops_per_second", product.flops() / once}});
    flops += product.count * product.flops();
    time += product.count * once;
  }
  result["model"] = flops / time;
  return result;
}

}  // namespace lorafleet::bench
