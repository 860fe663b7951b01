// The host's own kernels against LibTorch's operators for the same work, one thread each: why they
// are there (headers of theirs give some of the figures).
//
//   bench_row_kernels [ROWS [WIDTH]]     multiples of 128 and of 64; default: 1024 768

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <vector>

#include "model/network/rows/lora_products.hpp"
#include "model/network/rows/row_kernels.hpp"
#include "model/network/step/activation_rows.hpp"
#include "model/network/step/norm_rows.hpp"
#include "model/network/step/rotary_rows.hpp"

namespace {

using namespace lorafleet::model;
using Clock = std::chrono::steady_clock;
using at::Tensor;

float* data(const Tensor& tensor) {
  return tensor.data_ptr<float>();
}
ConstRows reads(const Tensor& tensor) {
  return {data(tensor), tensor.stride(0)};
}
MutableRows writes(const Tensor& tensor) {
  return {data(tensor), tensor.stride(0)};
}
std::uint16_t* bits(const Tensor& tensor) {
  return static_cast<std::uint16_t*>(tensor.data_ptr());
}

/// Microseconds of one call: the median of eleven stretches of at least 10 ms.
double time_of(const std::function<void()>& work) {
  const auto stretch = [&](int calls) {
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i)
      work();
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
  };
  int calls = 1;
  while (stretch(calls) < 10'000.0)
    calls *= 2;
  std::vector<double> times(11);
  for (double& time : times)
    time = stretch(calls) / calls;
  std::nth_element(times.begin(), times.begin() + 5, times.end());
  return times[5];
}

void compare(const char* what, const std::function<void()>& own,
             const std::function<void()>& library) {
  const double ours = time_of(own);
  const double theirs = time_of(library);
  std::printf("%-44s %9.0f us %9.0f us  %5.2fx\n", what, ours, theirs, theirs / ours);
}

/// Rows and what is computed of them.
struct Bench {
  std::int64_t rows;
  std::int64_t width;
  Tensor x = at::randn({rows, width});
  Tensor g = at::randn({rows, width});
  Tensor y = at::empty({rows, width});
  Tensor half = at::empty({rows, width}, at::kBFloat16);

  void rounding() const {
    compare(
        "to bfloat16", [&] { round_to_bfloat16(data(x), bits(half), rows * width); },
        [&] { half.copy_(x); });
  }
  void norms() const {
    const Tensor weight = at::ones({width});
    const Tensor bias = at::zeros({width});
    const RowNorm norm{width, true, 1e-5f, data(weight), data(bias)};
    compare(
        "layer norm, rounded as well",
        [&] { norm_rows(norm, rows, reads(x), writes(y), bits(half)); },
        [&] { half.copy_(at::layer_norm(x, {width}, weight, bias, 1e-5)); });
    const auto [out, mean, rstd] = at::native_layer_norm(x, {width}, weight, bias, 1e-5);
    compare(
        "its gradient, added",
        [&] { norm_rows_backward(norm, rows, reads(x), reads(g), writes(y), true); },
        [&, mean = mean, rstd = rstd] {
          y.add_(std::get<0>(at::native_layer_norm_backward(g, x, {width}, mean, rstd, weight, bias,
                                                            {true, false, false})));
        });
  }
  void activations() const {
    const SigmoidGate silu;
    compare(
        "SiLU(x) u, rounded as well",
        [&] { gate_rows(silu, rows, width, reads(x), reads(g), writes(y), bits(half)); },
        [&] { half.copy_(at::silu(x).mul_(g)); });
    std::vector<std::uint8_t> positive(static_cast<std::size_t>(rows * bytes_of_bits(width)));
    const Tensor z = x.clone();
    compare(
        "ReLU, rounded as well, and what stayed",
        [&] { relu_rows(rows, width, writes(z), bits(half), positive.data()); },
        [&] {
          const Tensor stayed = z > 0;
          half.copy_(at::relu(z));
        });
  }
  void rotary() const {
    const std::int64_t head = 64;
    const Tensor angles = at::rand({rows, head / 2});
    const Tensor cos = angles.cos();
    const Tensor sin = angles.sin();
    const RowAngles turned{data(cos), data(sin), head / 2};
    const Tensor all_cos = at::cat({cos, cos}, 1).unsqueeze(1);
    const Tensor all_sin = at::cat({sin, sin}, 1).unsqueeze(1);
    const Tensor z = x.clone();
    compare(
        "rotary positions", [&] { turn_rows(turned, rows, width, head, false, writes(z)); },
        [&] {
          const Tensor heads = z.view({rows, width / head, head});
          const Tensor half_turned =
              at::cat({-heads.slice(2, head / 2), heads.slice(2, 0, head / 2)}, 2);
          heads.copy_(heads * all_cos + half_turned * all_sin);
        });
  }
  void softmax() const {
    const std::int64_t length = 128;
    const Tensor scores = at::randn({rows, length});
    const Tensor seen = at::ones({length, length}).triu(1).to(at::kBool);
    const Tensor z = scores.clone();
    compare(
        "causal softmax of 128 keys",
        [&] {
          for (std::int64_t row = 0; row + length <= rows; row += length)
            causal_softmax(data(z) + row * length, length, length, length, 0.125f);
        },
        [&] {
          at::softmax((z.view({-1, length, length}) * 0.125f)
                          .masked_fill(seen, -std::numeric_limits<float>::infinity()),
                      2);
        });
  }
  void loss() const {
    const std::int64_t vocabulary = 4096;
    const Tensor logits = at::randn({64, vocabulary});
    const Tensor labels = at::randint(vocabulary, {64}, at::kLong);
    const Tensor z = logits.clone();
    compare(
        "loss and gradient of 64 rows of 4,096 logits",
        [&] {
          z.copy_(logits);
          for (std::int64_t row = 0; row < 64; ++row)
            cross_entropy_backward(data(z) + row * vocabulary, vocabulary,
                                   labels.data_ptr<std::int64_t>()[row], 1.0f);
        },
        [&] {
          const Tensor logs = at::log_softmax(logits, 1);
          const Tensor picked = logs.gather(1, labels.unsqueeze(1)).sum();
          Tensor gradient = logs.exp();
          gradient.scatter_add_(1, labels.unsqueeze(1), at::full({64, 1}, -1.0f));
        });
  }
  void factors() const {
    const Tensor a = at::randn({8, width});
    const Tensor b = at::randn({width, 8});
    const LoraProducts products(data(a), data(b), 8, width, width, 2.0);
    const Tensor low = at::empty({rows, products.columns()});
    compare(
        "LoRA's term of rank 8, added",
        [&] {
          products.narrow(reads(x), rows, data(low));
          products.widen(data(low), rows, writes(y));
        },
        [&] { y.addmm_(at::mm(x, a.t()), b.t(), 1.0, 2.0); });
  }
};

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t rows = argc > 1 ? std::atoll(argv[1]) : 1024;
  const std::int64_t width = argc > 2 ? std::atoll(argv[2]) : 768;
  at::set_num_threads(1);
  const at::NoGradGuard no_graph;
  std::printf("%lld rows of %lld, one thread\n%-44s %12s %12s\n", static_cast<long long>(rows),
              static_cast<long long>(width), "", "own", "LibTorch");
  const Bench bench{rows, width};
  bench.rounding();
  bench.norms();
  bench.activations();
  bench.rotary();
  bench.softmax();
  bench.loss();
  bench.factors();
}
