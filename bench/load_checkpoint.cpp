// What loading the base of a Hugging Face folder costs: seconds, and the peak of the resident set
// against the size of the files and of the weights in memory.
//
//   bench_load_checkpoint MODEL_FOLDER [float32|bfloat16]

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <set>
#include <string>

#include "model/device/process.hpp"
#include "model/files/checkpoint.hpp"
#include "model/network/base_model.hpp"
#include "tests/support/test_device.hpp"

namespace {

using namespace lorafleet::model;
using Clock = std::chrono::steady_clock;

constexpr double kMegabyte = 1e6;

struct Sizes {
  double files = 0.0;
  double elements = 0.0;
};

Sizes sizes_of(const std::filesystem::path& folder) {
  const Checkpoint checkpoint(folder);
  Sizes sizes;
  std::set<std::filesystem::path> files;
  for (const auto& [name, tensor] : checkpoint.tensors()) {
    sizes.elements += static_cast<double>(tensor.view.numel());
    files.insert(checkpoint.path_of(tensor));
  }
  for (const auto& file : files)
    sizes.files += static_cast<double>(std::filesystem::file_size(file));
  return sizes;
}

void measure(const std::filesystem::path& folder, const std::string& dtype) {
  const Sizes sizes = sizes_of(folder);
  const double weights = sizes.elements * (dtype == "float32" ? 4 : 2);
  const double before = static_cast<double>(peak_rss_bytes());
  const auto start = Clock::now();
  const auto base = BaseModel::load({folder, dtype}, lorafleet::tests::bench_device());
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const double peak = static_cast<double>(peak_rss_bytes());
  std::printf(
      "%-8s  files %.1f MB  weights %.1f MB  peak RSS %.1f MB (%.1f before)  "
      "peak/weights %.3f  peak/files %.3f  %.2f s\n",
      dtype.c_str(), sizes.files / kMegabyte, weights / kMegabyte, peak / kMegabyte,
      before / kMegabyte, peak / weights, peak / sizes.files, seconds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_load_checkpoint MODEL_FOLDER [float32|bfloat16]\n");
    return 2;
  }
  try {
    configure_process();
    configure_thread(1);
    measure(argv[1], argc > 2 ? argv[2] : "float32");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return 0;
}
