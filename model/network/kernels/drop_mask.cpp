#include "model/network/kernels/drop_mask.hpp"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <mutex>

#ifdef LORAFLEET_CUDA
#include <ATen/cuda/jiterator.h>
#endif

namespace lorafleet::model {
namespace {

#define KERNEL_TEXT(...) __VA_ARGS__
#include "model/network/kernels/drop_kernel_text.hpp"
#undef KERNEL_TEXT

constexpr int kWords = 5;  // of a row, as the kernel takes them

/// [kWords, rows]
std::vector<std::int32_t> words_of(const std::vector<DropRow>& rows) {
  const std::size_t count = rows.size();
  std::vector<std::int32_t> words(kWords * count);
  for (std::size_t i = 0; i < count; ++i) {
    const DropRow& row = rows[i];
    const std::uint64_t all[kWords] = {row.key, row.key >> 32, row.counter, row.counter >> 32,
                                       row.first};
    for (std::size_t w = 0; w < kWords; ++w) {
      words[w * count + i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(all[w]));
    }
  }
  return words;
}

}  // namespace

std::vector<DropRow> consecutive_rows(const DropRow& first, std::int64_t count,
                                      std::int64_t width) {
  std::vector<DropRow> rows(static_cast<std::size_t>(count), first);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].first += static_cast<std::uint32_t>(i * static_cast<std::size_t>(width));
  }
  return rows;
}

DropNumbers drop_numbers(double probability) {
  const double keep = 1.0 - probability;
  const auto below = static_cast<std::uint64_t>(std::llround(keep * 0x1p32));
  return {static_cast<std::uint32_t>(below), static_cast<float>(1.0 / keep), below >> 32 == 0};
}

const std::string& drop_kernel_text() {
  static const std::string kText =
#define KERNEL_TEXT(...) #__VA_ARGS__
#include "model/network/kernels/drop_kernel_text.hpp"
#undef KERNEL_TEXT
      ;
  return kText;
}

std::vector<float> drop_mask_by_kernel(const std::vector<DropRow>& rows, std::int64_t width,
                                       double probability) {
  const DropNumbers numbers = drop_numbers(probability);
  std::vector<float> mask(rows.size() * static_cast<std::size_t>(width), 1.0f);
  if (!numbers.drops) return mask;
  const std::vector<std::int32_t> words = words_of(rows);
  const std::size_t count = rows.size();
  const auto kept = std::bit_cast<std::int32_t>(numbers.kept);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::int64_t c = 0; c < width; ++c) {
      const std::int32_t bits = drop_factor<std::int32_t>(
          words[i], words[count + i], words[2 * count + i], words[3 * count + i],
          words[4 * count + i], static_cast<std::int32_t>(c), numbers.keep_below, kept);
      mask[i * static_cast<std::size_t>(width) + static_cast<std::size_t>(c)] =
          std::bit_cast<float>(bits);
    }
  }
  return mask;
}

#ifdef LORAFLEET_CUDA

bool draws_on(const at::Device& device) {
  return device.is_cuda();
}

at::Tensor drop_mask(const std::vector<DropRow>& rows, std::int64_t width, double probability,
                     const at::Device& device) {
  TORCH_CHECK(draws_on(device), "no masks are drawn on this device");
  const DropNumbers numbers = drop_numbers(probability);
  const std::int64_t count = std::ssize(rows);
  if (!numbers.drops || count == 0 || width == 0) {
    return at::ones({count, width}, at::TensorOptions().dtype(at::kFloat).device(device));
  }
  const std::vector<std::int32_t> words = words_of(rows);
  at::Tensor here =
      at::empty({kWords, count, 1}, at::TensorOptions().dtype(at::kInt).pinned_memory(true));
  std::copy(words.begin(), words.end(), here.data_ptr<std::int32_t>());
  const at::Tensor there = here.to(device, /*non_blocking=*/true);
  c10::SmallVector<at::Tensor> inputs;
  for (int w = 0; w < kWords; ++w) {
    inputs.push_back(there.select(0, w));
  }
  inputs.push_back(at::arange(width, there.options()).unsqueeze(0));
  const c10::SmallVector<at::Scalar> numbers_of = {
      static_cast<std::int64_t>(numbers.keep_below),
      static_cast<std::int64_t>(std::bit_cast<std::int32_t>(numbers.kept))};
  // LibTorch's table of compiled kernels is not guarded.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  return at::cuda::CompileAndLaunchKernel(drop_kernel_text(), "drop_factor", 1, inputs, numbers_of,
                                          /*return_by_ref=*/false)[0]
      .view(at::kFloat);
}

#else

bool draws_on(const at::Device&) {
  return false;
}

at::Tensor drop_mask(const std::vector<DropRow>&, std::int64_t, double, const at::Device&) {
  TORCH_CHECK(false, "this build draws no masks on a device");
}

#endif

}  // namespace lorafleet::model
