#include "model/network/step/device_terms.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>

#include "model/network/kernels/drop_mask.hpp"
#include "model/network/step/job_tiles.hpp"

namespace lorafleet::model {
namespace {

using Behind = JobTiles::Behind;

/// Ranks are filled up with zeros to a multiple of this: libraries choose other ways for matrices
/// that lie at odd places.
constexpr std::int64_t kRankUnit = 8;

/// Jobs whose factors on a module are of one size and scale.
struct Alike {
  const JobTiles& tiles;
  std::vector<const LoraFactors*> factors;  ///< of each job of the tiles

  [[nodiscard]] double scale() const { return factors.front()->scale; }
  /// Of each job A and B behind each other, the rank filled up: [jobs, numbers of both].
  [[nodiscard]] at::Tensor together() const {
    const auto jobs = std::ssize(factors);
    std::vector<at::Tensor> all;
    if (missing() == 0) {
      for (const LoraFactors* own : factors) {
        all.push_back(own->a.view(-1));
        all.push_back(own->b.view(-1));
      }
      return at::cat(all).view({jobs, -1});
    }
    for (const LoraFactors* own : factors) {
      all.push_back(at::constant_pad_nd(own->a, {0, 0, 0, missing()}).view(-1));
      all.push_back(at::constant_pad_nd(own->b, {0, missing()}).view(-1));
    }
    return at::cat(all).view({jobs, -1});
  }
  [[nodiscard]] bool trains(std::ptrdiff_t LoraFactors::*place) const {
    return std::any_of(factors.begin(), factors.end(),
                       [&](const LoraFactors* own) { return own->*place >= 0; });
  }
  /// Hands [jobs, m, n], of whose dimension `ranks` are as many as filled up, out to those that
  /// train it.
  void give(const at::Tensor& filled, std::int64_t ranks, std::ptrdiff_t LoraFactors::*place,
            std::vector<FactorGradients>& gradients) const {
    const at::Tensor all = missing() == 0 ? filled : filled.narrow(ranks, 0, rank());
    std::vector<at::Tensor> apart = all.unbind(0);
    for (std::size_t i = 0; i < factors.size(); ++i) {
      const std::ptrdiff_t own = factors[i]->*place;
      if (own >= 0) {
        gradients[tiles.jobs()[i]][static_cast<std::size_t>(own)] = std::move(apart[i]);
      }
    }
  }

 private:
  [[nodiscard]] std::int64_t rank() const { return factors.front()->a.size(0); }
  [[nodiscard]] std::int64_t missing() const {
    return (kRankUnit - rank() % kRankUnit) % kRankUnit;
  }
};

/// A [tiles, rank, in] and B [tiles, out, rank] of each tile's job.
struct TileFactors {
  at::Tensor a;
  at::Tensor b;

  TileFactors(const Alike& alike, const at::Tensor& together) {
    const LoraFactors& one = *alike.factors.front();
    const std::int64_t in = one.a.size(1), out = one.b.size(0);
    const std::int64_t rank = together.size(1) / (in + out);
    const at::Tensor both = alike.tiles.spread(together);
    a = both.narrow(1, 0, rank * in).view({-1, rank, in});
    b = both.narrow(1, rank * in, out * rank).view({-1, out, rank});
  }
};

std::vector<Alike> alike_jobs(const JobRows& jobs, std::size_t module, TileCache& cache) {
  std::map<std::pair<std::int64_t, double>, std::vector<std::size_t>> sets;
  for (std::size_t job = 0; job < jobs.count(); ++job) {
    const LoraFactors& factors = jobs.leaves[job]->factors(module);
    if (factors.defined()) sets[{factors.a.size(0), factors.scale}].push_back(job);
  }
  std::vector<Alike> all;
  for (const auto& [key, members] : sets) {
    Alike alike{cache.of(members), {}};
    for (const std::size_t job : members)
      alike.factors.push_back(&jobs.leaves[job]->factors(module));
    all.push_back(std::move(alike));
  }
  return all;
}

/// The jobs' masks for a module over the rows [rows, width] of the pass; ones elsewhere. Undefined
/// where nothing is dropped. Draws from each dropout whose job has factors there.
at::Tensor masks(const JobRows& jobs, std::size_t module, std::vector<Dropout*> dropouts,
                 std::int64_t rows, std::int64_t width, const at::Device& device) {
  for (std::size_t job = 0; job < jobs.count(); ++job) {
    const bool drops = dropouts[job]->active() && jobs.leaves[job]->factors(module).defined();
    if (!drops) dropouts[job] = nullptr;
  }
  const auto any = std::find_if(dropouts.begin(), dropouts.end(), [](auto* own) { return own; });
  if (any == dropouts.end()) return {};
  const bool all_drop = std::all_of(dropouts.begin(), dropouts.end(), [&](const Dropout* own) {
    return own != nullptr && own->probability() == (*any)->probability();
  });
  if (all_drop && draws_on(device)) {
    std::vector<DropRun> runs;
    for (std::size_t job = 0; job < jobs.count(); ++job) {
      const DropSource own = dropouts[job]->next();
      runs.push_back({{own.key, own.counter}, jobs.firsts[job + 1] - jobs.firsts[job]});
    }
    runs.push_back({{}, rows - jobs.firsts.back()});
    return drop_mask(runs, width, (*any)->probability(), device);
  }
  at::Tensor mask = at::ones({rows, width}, at::TensorOptions().dtype(at::kFloat).device(device));
  for (std::size_t job = 0; job < jobs.count(); ++job) {
    if (dropouts[job] == nullptr) continue;
    const at::Tensor own = jobs.of(mask, job);
    own.copy_(dropout_mask(*dropouts[job], own.sizes(), device));
  }
  return mask;
}

/// Rows in tiles, cut once for members that read the same.
class CutRows {
 public:
  const at::Tensor& of(const at::Tensor& x, const JobTiles& tiles) {
    if (!x_.is_same(x)) cut_.clear();
    x_ = x;
    at::Tensor& own = cut_[&tiles];
    if (!own.defined()) own = tiles.cut(x, Behind::own_row);
    return own;
  }

 private:
  at::Tensor x_;
  std::map<const JobTiles*, at::Tensor> cut_;
};

}  // namespace

void add_terms(const LinearGroup& group, const at::Tensor& x, const JobRows& jobs,
               const at::Tensor& y, GroupTape* tape) {
  TileCache& cache = *jobs.tiles;
  CutRows cut;
  for (std::size_t i = 0; i < group.modules.size(); ++i) {
    std::vector<Dropout*> dropouts;
    for (LoraLeaves* lora : jobs.leaves) {
      dropouts.push_back(&lora->dropout());
      if (tape != nullptr) tape->dropout.push_back(lora->dropout());
    }
    const at::Tensor own = masked(
        x, masks(jobs, group.modules[i], std::move(dropouts), x.size(0), x.size(1), x.device()));
    for (const Alike& alike : alike_jobs(jobs, group.modules[i], cache)) {
      const JobTiles& tiles = alike.tiles;
      const at::Tensor together = alike.together();
      const TileFactors factors(alike, together);
      const at::Tensor low =
          tile_product(cut.of(own, tiles), factors.a.transpose(1, 2)).mul_(alike.scale());
      const at::Tensor term = tiles.joined(tile_product(low, factors.b.transpose(1, 2)));
      group.columns(y, i).narrow(0, 0, term.size(0)).add_(term);
      if (tape == nullptr) continue;
      tape->low.push_back(low);
      tape->factors.push_back(together);
    }
  }
}

void add_term_gradients(const LinearGroup& group, const at::Tensor& g, const JobRows& jobs,
                        const GroupTape& tape, const std::function<at::Tensor()>& input,
                        const at::Tensor& dx, std::vector<FactorGradients>& gradients) {
  TileCache& cache = *jobs.tiles;
  CutRows cut;
  at::Tensor x;
  std::size_t place = 0;
  for (std::size_t i = 0; i < group.modules.size(); ++i) {
    const std::vector<Alike> sets = alike_jobs(jobs, group.modules[i], cache);
    if (sets.empty()) continue;
    const std::int64_t width = sets.front().factors.front()->a.size(1);
    std::vector<Dropout> before(
        std::next(tape.dropout.begin(), static_cast<std::ptrdiff_t>(i * jobs.count())),
        std::next(tape.dropout.begin(), static_cast<std::ptrdiff_t>((i + 1) * jobs.count())));
    std::vector<Dropout*> dropouts;
    for (Dropout& own : before)
      dropouts.push_back(&own);
    const at::Tensor mask =
        masks(jobs, group.modules[i], std::move(dropouts), g.size(0), width, g.device());
    at::Tensor dropped;
    for (const Alike& alike : sets) {
      const at::Tensor own = alike.tiles.cut(group.columns(g, i), Behind::zeros);
      const at::Tensor& low = tape.low[place];
      const TileFactors factors(alike, tape.factors[place++]);
      if (alike.trains(&LoraFactors::trained_b)) {
        alike.give(alike.tiles.sums(tile_product(own.transpose(1, 2), low, true)), 2,
                   &LoraFactors::trained_b, gradients);
      }
      const bool trains_a = alike.trains(&LoraFactors::trained_a);
      if (!trains_a && !dx.defined()) continue;
      const at::Tensor grad_low = tile_product(own, factors.b).mul_(alike.scale());
      if (trains_a) {
        if (!x.defined()) x = input();
        if (!dropped.defined()) dropped = masked(x, mask);
        alike.give(alike.tiles.sums(
                       tile_product(grad_low.transpose(1, 2), cut.of(dropped, alike.tiles), true)),
                   1, &LoraFactors::trained_a, gradients);
      }
      if (!dx.defined()) continue;
      at::Tensor term = alike.tiles.joined(tile_product(grad_low, factors.a));
      const std::int64_t rows = term.size(0);
      if (mask.defined()) term = term * mask.narrow(0, 0, rows);
      dx.narrow(0, 0, rows).add_(term);
    }
  }
}

}  // namespace lorafleet::model
