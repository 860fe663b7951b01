#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace lorafleet::model {

/// The rows of some of a pass's jobs, cut into tiles of a fixed number of rows of one job each, so
/// that one batched product serves the factors of all these jobs. What a job gets does not depend
/// on the others, bit for bit: a product takes a fixed number of tiles at a time, and the sum over
/// a job's tiles is taken in their order. Internal to model/.
class JobTiles {
 public:
  /// `firsts`: the first row of each job of the pass, and the end of the last; `jobs`: some of
  /// them, ascending.
  JobTiles(const std::vector<std::int64_t>& firsts, std::vector<std::size_t> jobs,
           const at::Device& device);

  [[nodiscard]] const std::vector<std::size_t>& jobs() const { return jobs_; }

  /// What is in a tile behind a job's last row: one of its rows again, or zeros.
  enum class Behind { own_row, zeros };
  /// x [rows of the pass, width] -> [tiles, rows of a tile, width].
  [[nodiscard]] at::Tensor cut(const at::Tensor& x, Behind behind) const;
  /// The other way: [rows of all jobs, width], zeros for jobs that are not among these; what they
  /// are added to stays as it is, but for the sign of a zero.
  [[nodiscard]] at::Tensor joined(const at::Tensor& tiles) const;
  /// [jobs, n] -> that of each tile's job: [tiles, n].
  [[nodiscard]] at::Tensor spread(const at::Tensor& of_jobs) const;
  /// [tiles, m, n] -> [jobs, m, n], float32.
  [[nodiscard]] at::Tensor sums(const at::Tensor& tiles) const;

 private:
  std::vector<std::size_t> jobs_;
  std::int64_t tiles_ = 0;   ///< with those that only make their number a multiple
  bool as_they_lie_ = true;  ///< the tiles' rows are those of the pass, in order and without holes

  at::Tensor rows_;      ///< [tiles * rows of a tile]: of the pass
  at::Tensor holes_;     ///< [tiles * rows of a tile, 1]: no row of a job; undefined: there is none
  at::Tensor places_;    ///< [rows of all jobs]: among the tiles' rows
  at::Tensor others_;    ///< [rows of all jobs, 1]: of other jobs; undefined: there are none
  at::Tensor owners_;    ///< [tiles]: an index into jobs()
  at::Tensor segments_;  ///< the first tile of each job, and the ends of the last and of all
};

/// a [tiles, m, k] times b [tiles, k, n], a fixed number of tiles at a time; `wide`: in float32,
/// where LibTorch can, instead of the operands' type.
at::Tensor tile_product(const at::Tensor& a, const at::Tensor& b, bool wide = false);

/// Tiles of a pass, made once for each set of jobs.
class TileCache {
 public:
  TileCache(std::vector<std::int64_t> firsts, const at::Device& device)
      : firsts_(std::move(firsts)), device_(device) {}
  const JobTiles& of(const std::vector<std::size_t>& jobs);

 private:
  std::vector<std::int64_t> firsts_;
  at::Device device_;
  std::map<std::vector<std::size_t>, JobTiles> known_;
};

}  // namespace lorafleet::model
