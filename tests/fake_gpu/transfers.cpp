#include "tests/fake_gpu/transfers.hpp"

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>

#include "model/device/torch_version.hpp"
#include "tests/support/fake_gpu.hpp"

namespace lorafleet::fake_gpu {
namespace {

std::atomic<std::int64_t> waits, to_card, to_host, between;

class Pinned final : public c10::Allocator {
 public:
#if LORAFLEET_TORCH_AT_LEAST(2, 3)
  c10::DataPtr allocate(std::size_t size) override {
    return allocated(size);
  }
  void copy_data(void* to, const void* from, std::size_t size) const override {
    std::memcpy(to, from, size);
  }
#else
  c10::DataPtr allocate(std::size_t size) const override {
    return const_cast<Pinned*>(this)->allocated(size);
  }
#endif

  [[nodiscard]] bool has(const void* address) {
    const std::lock_guard lock(mutex_);
    auto next = sizes_.upper_bound(address);
    if (next == sizes_.begin()) return false;
    --next;
    return static_cast<const std::byte*>(address) <
           static_cast<const std::byte*>(next->first) + next->second;
  }

 private:
  struct Block {
    Pinned* owner;
    c10::DataPtr memory;

    static void release(void* own) {
      auto* const block = static_cast<Block*>(own);
      {
        const std::lock_guard lock(block->owner->mutex_);
        block->owner->sizes_.erase(block->memory.get());
      }
      delete block;
    }
  };

  c10::DataPtr allocated(std::size_t size) {
    c10::DataPtr memory = c10::GetAllocator(c10::DeviceType::CPU)->allocate(size);
    void* const data = memory.get();
    if (data == nullptr) return memory;
    const std::lock_guard lock(mutex_);
    sizes_[data] = size;
    return {data, new Block{this, std::move(memory)}, Block::release, c10::DeviceType::CPU};
  }

  std::mutex mutex_;
  std::map<const void*, std::size_t> sizes_;
};

Pinned& pinned() {
  static auto* const all = new Pinned;
  return *all;
}

}  // namespace

void count_wait() {
  ++waits;
}

void count_transfer(const at::Tensor& to, const at::Tensor& from, bool non_blocking) {
  if (to.is_cuda() && from.is_cuda()) {
    if (to.device() != from.device()) ++between;
    return;
  }
  ++(to.is_cuda() ? to_card : to_host);
  const at::Tensor& here = to.is_cuda() ? from : to;
  const bool may_go_on = is_pinned(here.storage().data_ptr().get());
  TORCH_CHECK(!non_blocking || may_go_on || here.numel() == 0,
              "fake GPU: a copy that should not block, but the host's memory is not pinned");
  if (!non_blocking) ++waits;
}

c10::Allocator* pinned_allocator() {
  return &pinned();
}

bool is_pinned(const void* address) {
  return pinned().has(address);
}

extern "C" void lorafleet_fake_gpu_transfers(tests::Transfers* all) {
  *all = {waits, to_card, to_host, between};
}

}  // namespace lorafleet::fake_gpu
