#pragma once

#include <cstdint>
#include <memory>

namespace lorafleet::model {

/// Which way a matrix W [out, in] is multiplied.
enum class Direction {
  forward,  ///< y = x W^T: x [rows, in], y [rows, out]
  backward  ///< y = x W: x [rows, out], y [rows, in]
};

/// A bfloat16 matrix laid out as the kernels read it, a copy for each direction, made when it is
/// first needed: else each product would lay it out anew (of its time with 256 rows of 768 x 768 a
/// quarter on a Xeon with AMX, a thirtieth on an EPYC with AVX512-BF16). Thread-safe.
class PackedWeights {
 public:
  /// weight: [out, in], row-major; must outlive this.
  PackedWeights(const void* weight, std::int64_t out, std::int64_t in);
  ~PackedWeights();
  PackedWeights(const PackedWeights&) = delete;
  PackedWeights& operator=(const PackedWeights&) = delete;

  struct Side;  ///< oneDNN's
  [[nodiscard]] const Side& side(Direction direction) const;

 private:
  struct Sides;
  std::unique_ptr<Sides> sides_;
};

/// A product of rows with a matrix, both in bfloat16 or both in float32, summed and given out in
/// float32. All are row-major.
struct MatrixProduct {
  const void* x = nullptr;
  const void* weight = nullptr;           ///< [out, in]
  const PackedWeights* packed = nullptr;  ///< the same packed, or null
  const float* bias = nullptr;            ///< [out], forward only; or null
  float* y = nullptr;
  std::int64_t rows = 0;
  std::int64_t out = 0;
  std::int64_t in = 0;
  Direction direction = Direction::forward;
  int threads = 1;      ///< of the calling thread's OpenMP team
  bool rounded = true;  ///< in bfloat16

  /// Terms of a sum, and sums of a row.
  [[nodiscard]] std::int64_t depth() const { return direction == Direction::forward ? in : out; }
  [[nodiscard]] std::int64_t width() const { return direction == Direction::forward ? out : in; }
};

/// Whether oneDNN is built in and has its AVX-512 or AMX kernels here. oneDNN itself, since
/// LibTorch 1.13 builds a primitive for each new number of rows (0.8 ms against 0.1 ms for the
/// bfloat16 product of 1,024 rows with 256 x 256) and rounds products to bfloat16. A function of
/// the CPU and of oneDNN's own limits (ONEDNN_MAX_CPU_ISA) alone.
bool onednn_serves();

/// Computes it on the calling thread (and its OpenMP team). A row's bits depend neither on the
/// other rows nor on whether the matrix is packed. Primitives are kept by shape: rows go through in
/// blocks of 256 (large matrices of 1,024, where it is faster), of 64, as many times 16 as are
/// left, and the last ones filled up to 16, so that there are few for each matrix and direction
/// (making one takes as long as 1,024 rows of 256 x 256).
void multiply(const MatrixProduct& product);

}  // namespace lorafleet::model
