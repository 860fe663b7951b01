// Would float32 be faster as three bfloat16 products ("bf16x3")? x = xh + xl and W = Wh + Wl, each
// part rounded to bfloat16; x W^T is close to xh Wh^T + xh Wl^T + xl Wh^T. Compared with the
// float32 product of the BLAS in use, one thread, by the sizes of opt-mini and opt-125m.
//
//   bench_split_product [ROWS]     default: 1024

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <utility>

#include "model/device/process.hpp"
#include "model/network/rows/onednn_product.hpp"

namespace {

using namespace lorafleet::model;
using at::Tensor;
using Clock = std::chrono::steady_clock;

/// Seconds of the fastest run in half a second.
double fastest(const std::function<void()>& work) {
  const auto begun = Clock::now();
  double best = std::numeric_limits<double>::infinity();
  for (int runs = 0; runs < 3 || Clock::now() - begun < std::chrono::milliseconds(500); ++runs) {
    const auto start = Clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

/// The upper half of float32's bits, and what it leaves.
std::pair<Tensor, Tensor> split(const Tensor& values) {
  const Tensor high = values.to(at::kBFloat16);
  return {high, (values - high.to(at::kFloat)).to(at::kBFloat16)};
}

void compare(std::int64_t rows, std::int64_t in, std::int64_t out) {
  const Tensor x = at::randn({rows, in});
  const Tensor weight = at::randn({out, in}) / 16.0;
  const auto [high, low] = split(weight);
  const PackedWeights packed_high(high.data_ptr(), out, in);
  const PackedWeights packed_low(low.data_ptr(), out, in);
  Tensor y = at::empty({rows, out});
  Tensor part = at::empty({rows, out});
  const auto product = [&](const Tensor& left, const Tensor& right, const PackedWeights& packed,
                           const Tensor& to) {
    multiply({left.data_ptr(), right.data_ptr(), &packed, nullptr, to.data_ptr<float>(), rows, out,
              in, Direction::forward, 1});
  };
  auto [x_high, x_low] = split(x);
  const auto three = [&] {
    product(x_high, high, packed_high, y);
    product(x_high, low, packed_low, part);
    y += part;
    product(x_low, high, packed_high, part);
    y += part;
  };
  const Tensor transposed = weight.t();
  const double exact = fastest([&] { at::mm_out(y, x, transposed); });
  const Tensor reference = at::mm(x.to(at::kDouble), transposed.to(at::kDouble));
  const double size = reference.abs().max().item<double>();
  const double error = (y.to(at::kDouble) - reference).abs().max().item<double>() / size;
  const double one = fastest([&] { product(x_high, high, packed_high, y); });
  const double sums = fastest(three);
  three();
  const double split_error = (y.to(at::kDouble) - reference).abs().max().item<double>() / size;
  const double parting = fastest([&] { std::tie(x_high, x_low) = split(x); });
  const double flops = 2.0 * static_cast<double>(rows * in * out);
  std::printf("%5ld x %5ld  %8.0f %8.0f %8.0f   %6.2f  %6.2f  %6.2f   %8.1e %8.1e\n",
              static_cast<long>(in), static_cast<long>(out), flops / exact * 1e-9,
              flops / one * 1e-9, flops / sums * 1e-9, exact / (3.0 * one), exact / sums,
              exact / (sums + parting), error, split_error);
}

}  // namespace

int main(int argc, char** argv) {
  configure_process();
  at::set_num_threads(1);
  at::manual_seed(1);
  const std::int64_t rows = argc > 1 ? std::max(1L, std::atol(argv[1])) : 1024;
  if (!onednn_serves()) {
    std::printf("oneDNN has no bfloat16 kernels on this CPU\n");
    return 1;
  }
  std::printf(
      "                 GFLOP/s                      times float32          largest error\n"
      "   in x   out   float32 bfloat16    three   alone   added   split    float32    three\n");
  for (const auto& [in, out] :
       {std::pair{256, 256}, std::pair{256, 1024}, std::pair{1024, 256}, std::pair{768, 768},
        std::pair{768, 3072}, std::pair{3072, 768}, std::pair{2048, 8192}})
    compare(rows, in, out);
}
