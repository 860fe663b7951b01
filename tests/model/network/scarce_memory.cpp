#include "tests/model/network/scarce_memory.hpp"
#include "model/device/out_of_memory.hpp"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

namespace lorafleet::tests {

class ScarceMemory::Allocator final : public c10::Allocator {
  struct Alive {
    std::atomic<std::size_t> bytes = 0;
    std::atomic<std::size_t> most = 0;
  };

  /// Tells when it is given back, which may be after the allocator's end.
  struct Block {
    c10::DataPtr memory;
    std::size_t size;
    std::shared_ptr<Alive> alive;

    static void release(void* own) {
      auto* const block = static_cast<Block*>(own);
      block->alive->bytes -= block->size;
      delete block;
    }
  };

 public:
  Allocator(std::size_t most, std::size_t in_all)
      : most_(most), in_all_(in_all), real_(c10::GetCPUAllocator()) {
    c10::SetCPUAllocator(this, /*priority=*/1);
  }
  ~Allocator() override { c10::SetCPUAllocator(real_, /*priority=*/1); }
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
  c10::DataPtr allocate(std::size_t size) override {
    return allocated(size);
  }
  void copy_data(void* to, const void* from, std::size_t size) const override {
    default_copy_data(to, from, size);
  }
#else
  c10::DataPtr allocate(std::size_t size) const override {
    return allocated(size);
  }
#endif
  [[nodiscard]] c10::DeleterFnPtr raw_deleter() const override {
    return nullptr;  // a block's context is not its memory
  }
  void refuse(std::int64_t request) {
    refused_ = requests_ + request;
  }
  [[nodiscard]] std::int64_t requests() const {
    return requests_;
  }
  [[nodiscard]] int refusals() const {
    return refusals_;
  }
  [[nodiscard]] std::size_t largest() const {
    return largest_;
  }
  [[nodiscard]] std::size_t most_alive() const {
    return alive_->most;
  }

 private:
  c10::DataPtr allocated(std::size_t size) const {
    largest_ = std::max<std::size_t>(largest_, size);
    if (size > most_ || alive_->bytes + size > in_all_ || requests_++ == refused_) {
      ++refusals_;
      throw c10::OutOfMemoryError({__func__, __FILE__, __LINE__}, "no memory");
    }
    c10::DataPtr memory = real_->allocate(size);
    void* const data = memory.get();
    alive_->bytes += size;
    alive_->most = std::max<std::size_t>(alive_->most, alive_->bytes);
    return {data, new Block{std::move(memory), size, alive_}, Block::release, at::kCPU};
  }

  std::size_t most_;
  std::size_t in_all_;
  c10::Allocator* real_;
  std::atomic<std::int64_t> refused_ = -1;
  mutable std::atomic<std::int64_t> requests_ = 0;
  mutable std::atomic<int> refusals_ = 0;
  mutable std::atomic<std::size_t> largest_ = 0;
  std::shared_ptr<Alive> alive_ = std::make_shared<Alive>();
};

bool is_out_of_memory(const std::string& text) {
  return model::is_out_of_memory(c10::Error({__func__, __FILE__, __LINE__}, text));
}

ScarceMemory::ScarceMemory(std::size_t most, std::size_t in_all)
    : allocator_(std::make_unique<Allocator>(most, in_all)) {}
ScarceMemory::~ScarceMemory() = default;

void ScarceMemory::refuse(std::int64_t request) {
  allocator_->refuse(request);
}

std::int64_t ScarceMemory::requests() const {
  return allocator_->requests();
}

int ScarceMemory::refusals() const {
  return allocator_->refusals();
}

std::size_t ScarceMemory::largest() const {
  return allocator_->largest();
}

std::size_t ScarceMemory::most_alive() const {
  return allocator_->most_alive();
}

}  // namespace lorafleet::tests
