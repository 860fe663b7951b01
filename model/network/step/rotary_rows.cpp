#include "model/network/step/rotary_rows.hpp"

#include "model/network/rows/instruction_sets.hpp"

namespace lorafleet::model {

LORAFLEET_EACH_ISA
void turn_rows(const RowAngles& angles, std::int64_t rows, std::int64_t width,
               std::int64_t head_dim, bool back, const MutableRows& x) {
  const float sign = back ? -1.0f : 1.0f;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* cos = angles.cos + i * angles.frequencies;
    const float* sin = angles.sin + i * angles.frequencies;
    for (std::int64_t head = 0; head < width; head += head_dim) {
      float* a = x.data + i * x.stride + head;
      float* b = a + angles.frequencies;
      for (std::int64_t j = 0; j < angles.frequencies; ++j) {
        const float own = a[j];
        const float other = b[j];
        const float turn = sign * sin[j];
        a[j] = own * cos[j] - other * turn;
        b[j] = other * cos[j] + own * turn;
      }
    }
  }
}

}  // namespace lorafleet::model
