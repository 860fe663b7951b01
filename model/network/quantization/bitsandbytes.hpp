#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/files/checkpoint.hpp"
#include "model/network/quantization/quantized_weight.hpp"

namespace lorafleet::model {

// Checkpoints that transformers saved with bitsandbytes (formats of transformers 4.40 to 5 and
// bitsandbytes 0.43 to 0.49). Of int8 a module has `weight`, int8 [out, in], and `SCB`, the largest
// magnitude of each row, float32; of NF4 `weight`, two codes to a byte, `weight.absmax`, the
// largest magnitude of each block, `weight.quant_map`, NF4's values, and
// `weight.quant_state.bitsandbytes__nf4`, JSON as bytes. Where the magnitudes of blocks are
// quantised themselves, absmax has codes of a byte, and block i stands for nested_quant_map[code] *
// nested_absmax[i / nested_blocksize] + nested_offset.

/// Whether the weight `key` ("...q_proj.weight") of a checkpoint is held in int8 or NF4; none where
/// it is neither. Throws InputError for other formats of bitsandbytes, by name, and where a weight
/// has parts of NF4 but for its state.
Quantization held_in(const Checkpoint& checkpoint, const std::string& key);

/// Its codes and scales. Throws InputError that names the file, the tensor and what was wrong.
QuantizedWeight read_quantized(const Checkpoint& checkpoint, const std::string& key,
                               std::int64_t out, std::int64_t in);

/// All tensors of a weight in int8 or NF4, itself too, as far as the checkpoint has them.
std::vector<std::string> tensors_of(const Checkpoint& checkpoint, const std::string& key);

/// Whether only a part of a weight in int8 or NF4 beside its codes is called so.
bool is_part(const std::string& key);

}  // namespace lorafleet::model
