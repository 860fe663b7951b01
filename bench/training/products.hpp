#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "model/shape.hpp"

namespace lorafleet::bench {

/// FLOP/s of the products that training takes, in both directions, on the calling thread (with as
/// many as it is configured for): the fastest of the runs that about `seconds` in all allow.
///
///  - "square": of a large square matrix
///  - "model": of the base's shapes together, each as often as it occurs: 1,024 rows, and in the
///    head the labels among them
///  - "shapes": of each shape alone: "in", "out", "rows", "flops_per_second"
///
/// float32 goes through the BLAS in use, bfloat16 through oneDNN (or, where that does not serve,
/// through LibTorch), both as training does it, with weights packed beforehand.
nlohmann::json measure_products(const model::ModelShape& shape, const std::string& dtype,
                                double label_share, double seconds);

}  // namespace lorafleet::bench
