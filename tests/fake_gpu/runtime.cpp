// What LibTorch and the program ask of CUDA besides operators.
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <algorithm>
#include <cstdio>

#include "model/device/torch_version.hpp"
#include "tests/fake_gpu/cards.hpp"
#include "tests/fake_gpu/transfers.hpp"

namespace lorafleet::fake_gpu {
namespace {

struct Guard final : c10::impl::DeviceGuardImplInterface {
  Guard() = default;
  explicit Guard(c10::DeviceType /*type*/) {}

  [[nodiscard]] c10::DeviceType type() const override { return c10::DeviceType::CUDA; }
  [[nodiscard]] c10::Device exchangeDevice(c10::Device device) const override {
    const c10::Device before = getDevice();
    setDevice(device);
    return before;
  }
  [[nodiscard]] c10::Device getDevice() const override {
    return {type(), static_cast<c10::DeviceIndex>(current_card())};
  }
  void setDevice(c10::Device device) const override {
    TORCH_CHECK(device.is_cuda() && device.index() >= 0 && device.index() < card_count(),
                "CUDA error: invalid device ordinal");
    current_card() = device.index();
  }
  void uncheckedSetDevice(c10::Device device) const noexcept override {
    current_card() = device.index();
  }
  [[nodiscard]] c10::Stream getStream(c10::Device device) const noexcept override {
    return c10::Stream(c10::Stream::DEFAULT, device);
  }
  [[nodiscard]] c10::Stream getDefaultStream(c10::Device device) const override {
    return c10::Stream(c10::Stream::DEFAULT, device);
  }
  [[nodiscard]] c10::Stream exchangeStream(c10::Stream stream) const noexcept override {
    return c10::Stream(c10::Stream::DEFAULT, stream.device());
  }
  [[nodiscard]] c10::DeviceIndex deviceCount() const noexcept override {
    return static_cast<c10::DeviceIndex>(card_count());
  }
  void record(void** event, const c10::Stream& /*stream*/, const c10::DeviceIndex /*index*/,
              const c10::EventFlag /*flag*/) const override {
    *event = nullptr;
  }
  void block(void* /*event*/, const c10::Stream& /*stream*/) const override {}
  [[nodiscard]] bool queryEvent(void* /*event*/) const override { return true; }
  [[nodiscard]] bool queryStream(const c10::Stream& /*stream*/) const override { return true; }
  void synchronizeStream(const c10::Stream& /*stream*/) const override { count_wait(); }
};

C10_REGISTER_GUARD_IMPL(CUDA, Guard);

struct Hooks final : at::CUDAHooksInterface {
  explicit Hooks(at::CUDAHooksArgs /*args*/) {}

#if LORAFLEET_TORCH_AT_LEAST(2, 6)
  void init() const override {}
  bool isPinnedPtr(const void* data) const override {
    return is_pinned(data);
  }
  bool hasPrimaryContext(c10::DeviceIndex /*index*/) const override {
    return true;
  }
  c10::DeviceIndex current_device() const override {
    return static_cast<c10::DeviceIndex>(current_card());
  }
  c10::DeviceIndex deviceCount() const override {
    return static_cast<c10::DeviceIndex>(card_count());
  }
  c10::DeviceIndex getCurrentDevice() const override {
    return current_device();
  }
  void setCurrentDevice(c10::DeviceIndex index) const override {
    current_card() = index;
  }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex index) const override {
    const c10::DeviceIndex before = current_device();
    current_card() = index;
    return before;
  }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex index) const override {
    return exchangeDevice(index);
  }
  void deviceSynchronize(c10::DeviceIndex /*index*/) const override {
    count_wait();
  }
#else
  void initCUDA() const override {}
  bool isPinnedPtr(void* data) const override {
    return is_pinned(data);
  }
  bool hasPrimaryContext(std::int64_t /*index*/) const override {
    return true;
  }
  std::int64_t current_device() const override {
    return current_card();
  }
  void deviceSynchronize(std::int64_t /*index*/) const override {
    count_wait();
  }
#endif
  bool hasCUDA() const override {
    return true;
  }
  bool hasCUDART() const override {
    return true;
  }
  long versionCUDART() const override {
    return 13000;
  }
  at::Allocator* getPinnedMemoryAllocator() const override {
    return pinned_allocator();
  }
  at::Allocator* getCUDADeviceAllocator() const override {
    return card_allocator(current_card());
  }
  std::string showConfig() const override {
    return "  - a fake GPU\n";
  }
  int getNumGPUs() const override {
    return card_count();
  }
};

}  // namespace
}  // namespace lorafleet::fake_gpu

namespace at {
using CUDAHooks = lorafleet::fake_gpu::Hooks;
REGISTER_CUDA_HOOKS(CUDAHooks);
}  // namespace at

extern "C" {

int cudaGetDevice(int* card) {
  *card = lorafleet::fake_gpu::current_card();
  return 0;
}

int cudaSetDevice(int card) {
  if (card < 0 || card >= lorafleet::fake_gpu::card_count()) return 101;
  lorafleet::fake_gpu::current_card() = card;
  return 0;
}

int cudaMemGetInfo(std::size_t* free, std::size_t* all) {
  *free = lorafleet::fake_gpu::free_memory(lorafleet::fake_gpu::current_card());
  *all = lorafleet::fake_gpu::card_memory();
  return 0;
}

int cuDeviceGet(int* device, int card) {
  if (card < 0 || card >= lorafleet::fake_gpu::card_count()) return 101;
  *device = card;
  return 0;
}

int cuDeviceGetName(char* text, int size, int device) {
  std::snprintf(text, static_cast<std::size_t>(size), "%s",
                lorafleet::fake_gpu::card_name(device).c_str());
  return 0;
}
}
