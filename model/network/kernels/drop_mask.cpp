#include "model/network/kernels/drop_mask.hpp"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <numeric>
#include <utility>

#include "model/device/staging.hpp"

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

std::int64_t count_rows(const std::vector<DropRun>& runs) {
  return std::accumulate(runs.begin(), runs.end(), std::int64_t{0},
                         [](std::int64_t sum, const DropRun& run) { return sum + run.rows; });
}

}  // namespace

bool draws_on(const at::Device& device) {
  return !device.is_cpu();
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

std::vector<at::Tensor> drop_words(const std::vector<DropRun>& runs, std::int64_t width,
                                   const at::Device& device) {
  std::vector<DropRow> firsts;
  for (const DropRun& run : runs)
    firsts.push_back(run.first);
  const std::vector<std::int32_t> words = words_of(firsts);
  const std::int64_t count = std::ssize(runs), rows = count_rows(runs);
  const bool single =
      std::all_of(runs.begin(), runs.end(), [](const DropRun& run) { return run.rows == 1; });
  // The words of the runs, then each row's run, then its place in it.
  at::Tensor here = at::empty({std::ssize(words) + (single ? 0 : 2 * rows)},
                              at::TensorOptions().dtype(at::kInt).pinned_memory(device.is_cuda()));
  std::int32_t* to = std::copy(words.begin(), words.end(), here.data_ptr<std::int32_t>());
  if (!single) {
    for (std::size_t i = 0; i < runs.size(); ++i)
      to = std::fill_n(to, runs[i].rows, static_cast<std::int32_t>(i));
    for (const DropRun& run : runs) {
      std::iota(to, to + run.rows, 0);
      to += run.rows;
    }
  }
  const at::Tensor there = here.to(device, /*non_blocking=*/true);
  at::Tensor all = there.narrow(0, 0, kWords * count).view({kWords, count});
  if (!single) {
    all = all.index_select(1, there.narrow(0, kWords * count, rows));
    all.select(0, kWords - 1).add_(there.narrow(0, kWords * count + rows, rows), width);
  }
  std::vector<at::Tensor> own;
  for (int w = 0; w < kWords; ++w)
    own.push_back(all.select(0, w).unsqueeze(1));
  return own;
}

#ifdef LORAFLEET_CUDA

namespace {

at::Tensor drawn(const std::vector<DropRun>& runs, std::int64_t width, const DropNumbers& numbers,
                 const at::Device& device) {
  c10::SmallVector<at::Tensor> inputs;
  for (at::Tensor& words : drop_words(runs, width, device))
    inputs.push_back(std::move(words));
  inputs.push_back(at::arange(width, inputs.front().options()).unsqueeze(0));
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

}  // namespace

at::Tensor drop_mask(const std::vector<DropRun>& runs, std::int64_t width, double probability,
                     const at::Device& device) {
  TORCH_CHECK(draws_on(device), "no masks are drawn on this device");
  const DropNumbers numbers = drop_numbers(probability);
  const std::int64_t rows = count_rows(runs);
  if (numbers.drops && rows > 0 && width > 0) return drawn(runs, width, numbers, device);
  return at::ones({rows, width}, at::TensorOptions().dtype(at::kFloat).device(device));
}

#else

at::Tensor drop_mask(const std::vector<DropRun>& runs, std::int64_t width, double probability,
                     const at::Device& device) {
  TORCH_CHECK(draws_on(device), "no masks are drawn on this device");
  std::vector<DropRow> rows;
  for (const DropRun& run : runs) {
    DropRow row = run.first;
    for (std::int64_t i = 0; i < run.rows; ++i) {
      rows.push_back(row);
      row.first += static_cast<std::uint32_t>(width);
    }
  }
  const std::vector<float> mask = drop_mask_by_kernel(rows, width, probability);
  return staged(at::tensor(mask).view({count_rows(runs), width}), device);
}

#endif

}  // namespace lorafleet::model
