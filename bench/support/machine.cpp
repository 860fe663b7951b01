#include "bench/support/machine.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "model/device/blas_kernels.hpp"
#include "model/device/runtime_info.hpp"
#include "tests/support/test_device.hpp"

namespace lorafleet::bench {
namespace {

/// The number after `key` in a file of lines "Key:   123 kB", in bytes; 0 where there is none.
std::int64_t kilobytes_in(const char* file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key + ":")) return 1024 * std::atoll(line.c_str() + key.size() + 1);
  }
  return 0;
}

double timeval_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

/// Those of the CPU's instruction sets that matrix products can use.
std::vector<std::string> instruction_sets() {
  static const std::vector<std::string> kKnown = {
      "avx2",        "fma",         "avx_vnni", "avx512f",  "avx512_vnni",
      "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_fp16", "amx_int8"};
  std::vector<std::string> found;
  std::ifstream lines("/proc/cpuinfo");
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    const std::vector<std::string> flags{std::istream_iterator<std::string>(words), {}};
    for (const auto& name : kKnown) {
      if (std::find(flags.begin(), flags.end(), name) != flags.end()) found.push_back(name);
    }
    break;
  }
  return found;
}

}  // namespace

std::int64_t peak_bytes() {
  return kilobytes_in("/proc/self/status", "VmHWM");
}

std::int64_t resident_bytes() {
  return kilobytes_in("/proc/self/status", "VmRSS");
}

std::int64_t available_bytes() {
  return kilobytes_in("/proc/meminfo", "MemAvailable");
}

Others::Others() : start_(now()) {}

Others::Times Others::now() {
  // cpu  user nice system idle iowait irq softirq steal: ticks of all CPUs.
  Times times;
  std::ifstream file("/proc/stat");
  std::string name;
  file >> name;
  double ticks = 0.0;
  for (int field = 0; field < 8 && file >> ticks; ++field) {
    times.all += ticks;
    if (field != 3 && field != 4) times.busy += ticks;
  }
  const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  times.all /= per_second;
  times.busy /= per_second;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  times.own = timeval_seconds(usage.ru_utime) + timeval_seconds(usage.ru_stime);
  return times;
}

double Others::share() const {
  const Times end = now();
  const double all = end.all - start_.all;
  if (all <= 0.0) return 0.0;
  return std::max(0.0, (end.busy - start_.busy - (end.own - start_.own)) / all);
}

nlohmann::ordered_json describe_machine() {
  const auto runtime = model::runtime_info();
  double load = 0.0;
  ::getloadavg(&load, 1);
  nlohmann::ordered_json machine;
  machine["cpu"] = runtime.cpu;
  machine["instruction_sets"] = instruction_sets();
  machine["vector_isa"] = model::name_of(model::cpu_vector_isa());
  machine["cores"] = std::thread::hardware_concurrency();
  machine["memory_bytes"] = kilobytes_in("/proc/meminfo", "MemTotal");
  machine["device"] = tests::bench_device();
  machine["libtorch"] = runtime.libtorch + ", " + runtime.isa;
  machine["blas"] = runtime.blas;
  machine["blas_kernels"] = runtime.kernels;
  machine["onednn"] = runtime.onednn;
  machine["load_average"] = load;
  machine["warnings"] = model::runtime_warnings();
  return machine;
}

}  // namespace lorafleet::bench
