#include "bench/support/trace.hpp"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <set>

namespace lorafleet::bench {

void trace(const std::string& path, const std::function<void()>& work) {
  using namespace torch::profiler::impl;
  namespace profiler = torch::autograd::profiler;
  const ProfilerConfig config(ProfilerState::KINETO);
  const std::set<ActivityType> activities = {ActivityType::CPU, ActivityType::CUDA};
  profiler::prepareProfiler(config, activities);
  profiler::enableProfiler(config, activities);
  work();
  profiler::disableProfiler()->save(path);
}

}  // namespace lorafleet::bench
