#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace lorafleet {

/// What random numbers are drawn for. Part of every generator's key, so that no two uses share a
/// stream. The numbers are part of the reproducible behaviour: append, never renumber.
enum class Purpose : std::uint32_t {
  partition = 1,
  degradation = 2,
  sample = 3,
  device = 10,
  network = 11,
  availability = 12,
  compute_jitter = 13,
  failure = 14,
  outage = 15,
  slow_down = 16,
  fault = 17,
  compression = 18,
  selection = 20,
  adapter_init = 30,
  batch_order = 31,
  lora_dropout = 32,
  evaluation_sample = 33,
  generation = 34,
  base_dropout = 35,
  base_init = 36,
  surrogate = 37,
  client_rank = 50,
  factor_restart = 51,
  sketch = 52,
  schedule_test = 90,
};

/// Philox4x64-10: a counter-based generator (Salmon et al., SC 2011). A pure function.
std::array<std::uint64_t, 4> philox4x64(const std::array<std::uint64_t, 4>& counter,
                                        const std::array<std::uint64_t, 2>& key);

/// A stream of random numbers that is a pure function of (run seed, purpose, client, seq) and of
/// the index of the draw. Streams are independent; copying one replays it.
class Random {
 public:
  Random(std::uint64_t run_seed, Purpose purpose, std::uint64_t client = 0, std::uint64_t seq = 0);

  std::uint64_t bits();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform in [0, bound), without bias; `bound` must be positive.
  std::uint64_t below(std::uint64_t bound);
  bool bernoulli(double probability) { return uniform() < probability; }
  /// Standard normal (Box-Muller).
  double normal();
  double exponential(double mean = 1.0);
  /// Gamma(shape, 1), by Marsaglia and Tsang (2000); shapes below 1 by boosting. May underflow to
  /// 0.
  double gamma(double shape);
  /// A draw from Dir(alpha) of `dimension` entries that sum to 1. Computed with logarithms, so that
  /// a tiny alpha gives a near one-hot vector instead of 0/0; one so tiny that all logarithms
  /// overflow gives a one-hot vector, each entry with the same chance.
  std::vector<double> dirichlet(double alpha, std::size_t dimension);
  /// Fisher-Yates.
  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[below(i)]);
    }
  }

 private:
  double log_gamma_variate(double shape);

  std::array<std::uint64_t, 2> key_;
  std::uint64_t seq_;
  std::uint64_t block_ = 0;
  std::array<std::uint64_t, 4> buffer_{};
  unsigned used_ = 4;
};

}  // namespace lorafleet
