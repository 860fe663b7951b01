// Computing time of one fold of rule hlora, in factored form against the dense way: form sum_k p_k
// s_k B_k A_k as [out, in] and decompose it (Eigen's BDCSVD), in float64 and in float32. Usage:
// bench_lora_fold [modules that are folded, 0: all (default 0)] [opt-125m or opt-1.3b alone]
//
// Clients have ranks 4, 8, 16 and 32 in equal shares, the server 32. "like training": each client
// starts from the view of a common adapter, moves with the others and a little by itself; "random":
// independent factors, whose sum has no leading directions at all, the worst case.

#include <Eigen/Dense>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "actors/strategy/fold/aggregator.hpp"
#include "actors/strategy/lora/lora_rule.hpp"
#include "model/device/process.hpp"
#include "partition/support/random.hpp"

namespace {

using namespace lorafleet;
/// Computing time of this thread: what other processes take does not count.
double cpu_seconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

model::LayoutPtr layout_of(int modules, std::int64_t side, std::int64_t rank) {
  std::vector<model::LoraModule> all;
  for (int i = 0; i < modules; ++i)
    all.push_back(
        {"m" + std::to_string(i), side, side, rank, 2.0 * static_cast<double>(rank), false});
  return std::make_shared<const model::AdapterLayout>(std::move(all));
}

void add_noise(model::Adapter& adapter, double size, Random& random) {
  for (float& value : adapter.values)
    value = static_cast<float>(value + size * random.normal());
}

struct Fleet {
  model::AdapterPtr global;
  std::vector<strategy::FoldItem> items;
};

Fleet make_fleet(const strategy::LoraRule& rule, int modules, std::int64_t side, int clients,
                 bool like_training) {
  Random random(1, Purpose::sample);
  auto global =
      std::make_shared<model::Adapter>(model::initial_adapter(layout_of(modules, side, 32), 1));
  auto drifted = std::make_shared<model::Adapter>(*global);
  for (auto* adapter : {global.get(), drifted.get()}) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(modules); ++i) {
      const auto b = adapter->b(i);
      for (std::size_t j = 0; j < b.size(); ++j)  // columns that matter less and less
        b[j] += static_cast<float>(0.02 * std::pow(0.85, j % 32) * random.normal());
    }
    if (adapter == global.get()) *drifted = *global;
  }
  Fleet fleet{global, {}};
  for (int k = 0; k < clients; ++k) {
    const auto layout = layout_of(modules, side, std::int64_t{4} << (k % 4));
    const auto start = rule.view(global, layout);
    auto trained = std::make_shared<model::Adapter>(*rule.view(drifted, layout));
    if (like_training) {
      add_noise(*trained, 0.001, random);
    } else {
      std::fill(trained->values.begin(), trained->values.end(), 0.0f);
      add_noise(*trained, 0.02, random);
    }
    fleet.items.push_back({trained, start, 1.0 / clients, {}});
  }
  return fleet;
}

/// Seconds for one module.
template <typename Scalar>
double dense_way(const Fleet& fleet) {
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Factor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const double start = cpu_seconds();
  const auto& shape = fleet.global->layout->modules()[0];
  Matrix sum = Matrix::Zero(shape.out, shape.in);
  for (const auto& item : fleet.items) {
    const auto& own = item.adapter->layout->modules()[0];
    const Eigen::Map<const Factor> b(item.adapter->b(0).data(), own.out, own.rank);
    const Eigen::Map<const Factor> a(item.adapter->a(0).data(), own.rank, own.in);
    sum.noalias() += static_cast<Scalar>(item.weight * own.scale()) *
                     (b.template cast<Scalar>() * a.template cast<Scalar>());
  }
  const Eigen::BDCSVD<Matrix> svd(sum, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Matrix b = svd.matrixU().leftCols(shape.rank) *
                   svd.singularValues().head(shape.rank).cwiseSqrt().asDiagonal();
  const double seconds = cpu_seconds() - start;
  return b.allFinite() ? seconds : 0.0;
}

/// Seconds for all modules.
double fold(const std::string& rule, const Fleet& fleet, bool report) {
  strategy::AggregationConfig config;
  config.lora = rule;
  config.lora_report = report;
  strategy::Aggregator aggregator(config);
  const double start = cpu_seconds();
  const auto folded = aggregator.fold(*fleet.global, fleet.items, {1}, 1);
  const double seconds = cpu_seconds() - start;
  return folded.next != nullptr ? seconds : 0.0;
}

void measure(const char* name, int all_modules, int modules, std::int64_t side, int clients,
             bool like_training) {
  strategy::AggregationConfig config;
  config.lora = "hlora";
  const auto rule = strategy::lora_rules().make(config.lora, config);
  const Fleet fleet = make_fleet(*rule, modules, side, clients, like_training);
  const double factored = fold("hlora", fleet, false) / modules;
  const double reported = fold("hlora", fleet, true) / modules;
  const double dense64 = dense_way<double>(fleet);
  const double dense32 = dense_way<float>(fleet);
  std::printf(
      "%-9s %3d clients %-13s: a module %8.1f ms (with report %8.1f), dense float64 %8.1f, "
      "float32 %8.1f: %6.1f and %6.1f times faster; all %d modules %.2f s\n",
      name, clients, like_training ? "like training" : "random", 1e3 * factored, 1e3 * reported,
      1e3 * dense64, 1e3 * dense32, dense64 / factored, dense32 / factored, all_modules,
      factored * all_modules);
  std::printf("    hetlora, which averages factors: %.1f ms, with report %.1f\n",
              1e3 * fold("hetlora", fleet, false) / modules,
              1e3 * fold("hetlora", fleet, true) / modules);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  model::configure_process();  // how memory is kept matters
  const int limit = argc > 1 ? std::atoi(argv[1]) : 0;
  const std::string only = argc > 2 ? argv[2] : "";
  const auto part = [&](int modules) { return limit > 0 ? std::min(limit, modules) : modules; };
  std::printf("The dense way is measured on one module.\n");
  for (const bool like_training : {true, false}) {
    for (const int clients : {10, 100}) {
      if (only != "opt-1.3b") {
        measure("opt-125m", 24, part(24), 768, clients, like_training);
      }
      if (only != "opt-125m") {
        measure("opt-1.3b", 48, part(like_training ? 48 : 2), 2048, clients, like_training);
      }
    }
  }
}
