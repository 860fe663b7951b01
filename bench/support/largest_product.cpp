#include "bench/support/largest_product.hpp"

#include <ATen/ATen.h>
#include <torch/cuda.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>

#include "model/device/device.hpp"
#include "model/device/device_name.hpp"
#include "model/network/layers/frozen_product.hpp"

namespace lorafleet::bench {
namespace {

using Clock = std::chrono::steady_clock;

double fastest_seconds(const std::function<void()>& work, bool on_gpu, double seconds) {
  double fastest = std::numeric_limits<double>::infinity();
  const auto begun = Clock::now();
  for (int runs = 0; runs < 3 || Clock::now() - begun < std::chrono::duration<double>(seconds);
       ++runs) {
    const auto start = Clock::now();
    work();
    if (on_gpu) torch::cuda::synchronize();
    fastest = std::min(fastest, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return fastest;
}

}  // namespace

std::int64_t usual_product_size(const std::string& device) {
  return model::is_cpu(device) ? 1024 : 8192;
}

SquareProduct largest_product(const std::string& device, std::int64_t size, double seconds) {
  const at::Device place = model::open_device(device);
  const auto options = at::TensorOptions(place).dtype(at::kFloat);
  const auto drawn = [&] { return at::randn({size, size}, options).to(at::kBFloat16); };
  const at::Tensor x = drawn();
  const at::Tensor weight = drawn();
  at::Tensor y = at::empty_like(x);
  const auto packed = model::packed_weights(weight);
  const auto work = [&] {
    if (packed) {
      y = model::times_transposed(x, weight, {}, packed.get());
    } else {
      at::mm_out(y, x, weight);
    }
  };
  const auto cube = static_cast<double>(size) * static_cast<double>(size * size);
  return {size, 2.0 * cube / fastest_seconds(work, place.is_cuda(), seconds)};
}

}  // namespace lorafleet::bench
