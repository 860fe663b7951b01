#include "model/network/step/job_tiles.hpp"

#include <ATen/ATen.h>

#include <utility>

#include "model/device/staging.hpp"
#include "model/device/torch_version.hpp"
#include "model/network/kernels/trials.hpp"
#include "model/network/layers/index_tensor.hpp"

namespace lorafleet::model {
namespace {

/// The tests' CPU gets small ones, so that small jobs have several.
std::int64_t tile_rows(const at::Device& device) {
  return device.is_cpu() ? 8 : 256;
}

std::int64_t product_tiles(const at::Device& device) {
  return device.is_cpu() ? 4 : 64;
}

std::int64_t rounded_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

#if LORAFLEET_TORCH_AT_LEAST(2, 8)
at::Tensor wide_product(const at::Tensor& a, const at::Tensor& b) {
  return at::bmm(a, b, at::kFloat);
}

/// Whether wide_product serves what lies and looks like x.
bool widens(const at::Tensor& x) {
  if (!x.is_cuda() || x.scalar_type() == at::kFloat) return false;
  static Trials trials;
  return trials.of({x.device().index(), static_cast<std::int64_t>(x.scalar_type())}, [&] {
    return accepted([&] {
      const at::Tensor one = at::ones({1, 8, 8}, x.options());
      return wide_product(one, one).eq(8).all().item<bool>();
    });
  }) != 0;
}
#else
at::Tensor wide_product(const at::Tensor& a, const at::Tensor& b) {
  return at::bmm(a, b);
}
bool widens(const at::Tensor&) {
  return false;
}
#endif

/// Several index lists that go to the device in one copy.
class IndexLists {
 public:
  std::vector<std::int64_t>& next() { return lists_.emplace_back(); }

  std::vector<at::Tensor> staged_on(const at::Device& device) const {
    std::vector<std::int64_t> all;
    for (const auto& list : lists_)
      all.insert(all.end(), list.begin(), list.end());
    const at::Tensor there = staged(index_tensor(all).clone(), device);
    std::vector<at::Tensor> parts;
    std::int64_t first = 0;
    for (const auto& list : lists_) {
      parts.push_back(there.narrow(0, first, static_cast<std::int64_t>(list.size())));
      first += static_cast<std::int64_t>(list.size());
    }
    return parts;
  }

 private:
  std::vector<std::vector<std::int64_t>> lists_;
};

}  // namespace

JobTiles::JobTiles(const std::vector<std::int64_t>& firsts, std::vector<std::size_t> jobs,
                   const at::Device& device)
    : jobs_(std::move(jobs)) {
  const std::int64_t height = tile_rows(device);
  std::vector<std::int64_t> of_tiles, holes, owners, segments = {0};
  std::vector<std::int64_t> places(static_cast<std::size_t>(firsts.back()), 0);
  std::vector<std::int64_t> others(static_cast<std::size_t>(firsts.back()), 1);
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    const std::int64_t first = firsts[jobs_[i]];
    const std::int64_t end = firsts[jobs_[i] + 1];
    for (std::int64_t row = first; row < end; ++row) {
      places[static_cast<std::size_t>(row)] = static_cast<std::int64_t>(of_tiles.size());
      others[static_cast<std::size_t>(row)] = 0;
      of_tiles.push_back(row);
    }
    of_tiles.resize(
        static_cast<std::size_t>(rounded_up(static_cast<std::int64_t>(of_tiles.size()), height)),
        first);
    segments.push_back(static_cast<std::int64_t>(of_tiles.size()) / height);
    owners.resize(static_cast<std::size_t>(segments.back()), static_cast<std::int64_t>(i));
  }
  tiles_ = rounded_up(segments.back(), product_tiles(device));
  const std::int64_t any = jobs_.empty() ? 0 : firsts[jobs_.front()];
  of_tiles.resize(static_cast<std::size_t>(tiles_ * height), any);
  owners.resize(static_cast<std::size_t>(tiles_), 0);
  segments.push_back(tiles_);
  holes.assign(of_tiles.size(), 1);
  for (std::size_t row = 0; row < places.size(); ++row) {
    if (others[row] == 0) holes[static_cast<std::size_t>(places[row])] = 0;
  }
  bool has_holes = false, has_others = false;
  for (std::size_t i = 0; i < holes.size(); ++i) {
    has_holes = has_holes || holes[i] != 0;
    as_they_lie_ = as_they_lie_ && of_tiles[i] == static_cast<std::int64_t>(i);
  }
  for (const std::int64_t other : others)
    has_others = has_others || other != 0;
  as_they_lie_ = as_they_lie_ && !has_holes && !has_others;

  IndexLists indices;
  for (std::vector<std::int64_t>* list : {&of_tiles, &holes, &places, &others, &owners, &segments})
    indices.next() = std::move(*list);
  const std::vector<at::Tensor> there = indices.staged_on(device);
  rows_ = there[0];
  if (has_holes) holes_ = there[1].to(at::kBool).unsqueeze(1);
  places_ = there[2];
  if (has_others) others_ = there[3].to(at::kBool).unsqueeze(1);
  owners_ = there[4];
  segments_ = there[5];
}

at::Tensor JobTiles::cut(const at::Tensor& x, Behind behind) const {
  const bool whole = as_they_lie_ && x.size(0) == rows_.size(0);
  at::Tensor own = whole ? x.contiguous() : x.index_select(0, rows_);
  if (behind == Behind::zeros && holes_.defined()) own.masked_fill_(holes_, 0);
  return own.view({tiles_, -1, x.size(1)});
}

at::Tensor JobTiles::joined(const at::Tensor& tiles) const {
  const at::Tensor flat = tiles.view({-1, tiles.size(2)});
  if (as_they_lie_) return flat;
  at::Tensor own = flat.index_select(0, places_);
  if (others_.defined()) own.masked_fill_(others_, 0);
  return own;
}

at::Tensor JobTiles::spread(const at::Tensor& of_jobs) const {
  return of_jobs.index_select(0, owners_);
}

at::Tensor JobTiles::sums(const at::Tensor& tiles) const {
  return at::segment_reduce(tiles.to(at::kFloat), "sum", {}, {}, segments_, 0,
                            /*unsafe=*/true)
      .narrow(0, 0, static_cast<std::int64_t>(jobs_.size()));
}

at::Tensor tile_product(const at::Tensor& a, const at::Tensor& b, bool wide) {
  const std::int64_t block = product_tiles(a.device());
  const std::int64_t tiles = a.size(0);
  const auto product = [&](const at::Tensor& x, const at::Tensor& y) {
    return wide && widens(x) ? wide_product(x, y) : at::bmm(x, y);
  };
  if (tiles == block) return product(a, b);
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < tiles; first += block)
    parts.push_back(product(a.narrow(0, first, block), b.narrow(0, first, block)));
  return at::cat(parts);
}

const JobTiles& TileCache::of(const std::vector<std::size_t>& jobs) {
  const auto known = known_.find(jobs);
  if (known != known_.end()) return known->second;
  return known_.try_emplace(jobs, firsts_, jobs, device_).first->second;
}

}  // namespace lorafleet::model
