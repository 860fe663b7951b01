#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lorafleet::tests {

// For tests: attention over packed sequences from inside, without LibTorch's types.

/// Random queries, keys, values and a gradient of the result, of a seed for each sequence.
struct AttentionCase {
  std::int64_t heads = 4;
  std::int64_t kv_heads = 4;
  std::int64_t dim = 8;
  std::int64_t window = 0;
  std::vector<std::int64_t> lengths = {};
  std::vector<std::uint64_t> seeds = {};  ///< of each sequence; empty: its place
  std::int64_t padding = 0;               ///< rows behind the last sequence
  std::string type = "float32";
};

/// Each [T, width], of all rows.
struct AttentionNumbers {
  std::vector<float> out;
  std::vector<float> q;  ///< gradients
  std::vector<float> k;
  std::vector<float> v;
};

/// By attention_forward and attention_backward.
AttentionNumbers attention_numbers(const AttentionCase& of, const std::string& device);
/// By LibTorch's autograd through packed_attention.
AttentionNumbers graph_attention_numbers(const AttentionCase& of, const std::string& device);

/// By device_attention, on the CPU, with a kernel that computes as plainly as it can, leaves NaN in
/// rows outside of all sequences, and checks what it is called with. `shares_heads`: it reads
/// grouped heads as they are, as flash attention does.
AttentionNumbers emulated_attention(const AttentionCase& of, bool shares_heads);

/// Whether the plain kernel passes what fused ones are tried with before they are used; `off_by`:
/// its window is so much too wide.
bool plain_kernel_works(std::int64_t window, std::int64_t off_by);

/// model::sequence_starts.
std::vector<std::int32_t> starts_of_sequences(const std::vector<std::int64_t>& offsets,
                                              std::int64_t heads);

/// "flash", "efficient", or "none".
std::string fused_kernel_name(const AttentionCase& of, const std::string& device);

/// The mask that the device draws for rows like these, [rows, width].
struct MaskRow {
  std::uint64_t key = 0;
  std::uint64_t counter = 0;
  std::uint32_t first = 0;
};
std::vector<float> device_mask(const std::vector<MaskRow>& rows, std::int64_t width,
                               double probability, const std::string& device);
/// The same by the kernel's text, compiled for the host.
/// What the kernel decides by for these rows, each with its own source; or, `in_runs`, with those
/// that continue one another as one run, and runs of no rows between.
std::vector<std::int32_t> mask_words(const std::vector<MaskRow>& rows, std::int64_t width,
                                     bool in_runs, const std::string& device);
std::vector<float> host_compiled_mask(const std::vector<MaskRow>& rows, std::int64_t width,
                                      double probability);
/// Whether the device has such a kernel.
bool device_draws_masks(const std::string& device);

}  // namespace lorafleet::tests
