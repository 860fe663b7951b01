#include "tests/fake_gpu/cards.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sstream>
#include <vector>

#include "model/device/torch_version.hpp"

namespace lorafleet::fake_gpu {
namespace {

/// Addresses that a card has. Of them only pages that are used take memory.
constexpr std::size_t kAddresses = std::size_t{1} << 36;
constexpr std::size_t kUnit = 512;

std::size_t number_of(const char* variable, std::size_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

std::size_t mib_of(const char* variable, std::size_t otherwise) {
  return number_of(variable, otherwise) << 20;
}

/// The same pages twice: once for the host's eyes, once as addresses that nobody may touch.
class Card final : public c10::Allocator {
 public:
  explicit Card(int index) : index_(index) {
    const int file = ::memfd_create("fake-gpu", MFD_CLOEXEC);
    TORCH_CHECK(file >= 0 && ::ftruncate(file, static_cast<off_t>(kAddresses)) == 0,
                "a fake GPU got no memory");
    const auto map = [&](int access) {
      void* const at =
          ::mmap(nullptr, kAddresses, access, MAP_SHARED | MAP_NORESERVE, file, /*offset=*/0);
      TORCH_CHECK(at != MAP_FAILED, "a fake GPU got no addresses");
      return static_cast<std::byte*>(at);
    };
    host_ = map(PROT_READ | PROT_WRITE);
    card_ = map(PROT_NONE);
    ::close(file);
  }

#if LORAFLEET_TORCH_AT_LEAST(2, 3)
  c10::DataPtr allocate(std::size_t size) override {
    return allocated(size);
  }
  void copy_data(void* to, const void* from, std::size_t size) const override {
    std::memcpy(host_address(to), host_address(const_cast<void*>(from)), size);
  }
#else
  c10::DataPtr allocate(std::size_t size) const override {
    return const_cast<Card*>(this)->allocated(size);
  }
#endif

  [[nodiscard]] std::byte* host_of(void* on_card) const {
    const std::ptrdiff_t from = static_cast<std::byte*>(on_card) - card_;
    const bool own = from >= 0 && static_cast<std::size_t>(from) < kAddresses;
    return own ? host_ + from : nullptr;
  }

  [[nodiscard]] std::size_t used() {
    const std::lock_guard lock(mutex_);
    return used_;
  }

 private:
  struct Block {
    Card* card;
    std::size_t at;
    std::size_t size;

    static void release(void* own) {
      auto* const block = static_cast<Block*>(own);
      block->card->take_back(*block);
      delete block;
    }
  };

  c10::DataPtr allocated(std::size_t wanted) {
    const c10::Device device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index_));
    if (wanted == 0) return {nullptr, device};
    // Between blocks lies a unit that stays as it is.
    const std::size_t size = (wanted + kUnit - 1) / kUnit * kUnit + kUnit;
    std::size_t at = 0;
    {
      const std::lock_guard lock(mutex_);
      if (used_ + size > card_memory() || end_ + size > kAddresses) {
        const std::string text = "CUDA out of memory. Tried to allocate " + std::to_string(wanted) +
                                 " bytes of a fake GPU";
        throw c10::OutOfMemoryError({__func__, __FILE__, __LINE__}, text);
      }
      used_ += size;
      auto& idle = idle_[size];
      if (idle.empty()) {
        at = end_;
        end_ += size;
      } else {
        at = idle.back();
        idle.pop_back();
      }
    }
    std::memset(host_ + at, 0xff, size);
    return {card_ + at, new Block{this, at, size}, Block::release, device};
  }

  void take_back(const Block& block) {
    const std::byte* const behind = host_ + block.at + block.size - kUnit;
    const bool whole = std::all_of(behind, behind + kUnit,
                                   [](std::byte value) { return value == std::byte{0xff}; });
    if (!whole) {
      std::fputs("fake GPU: something was written behind a tensor's end\n", stderr);
      std::abort();
    }
    const std::lock_guard lock(mutex_);
    used_ -= block.size;
    idle_[block.size].push_back(block.at);
  }

  int index_;
  std::byte* host_ = nullptr;
  std::byte* card_ = nullptr;
  std::mutex mutex_;
  std::size_t used_ = 0;
  std::size_t end_ = 0;
  std::map<std::size_t, std::vector<std::size_t>> idle_;
};

/// They live as long as the process: tensors of static objects are given back at its end.
std::vector<Card*>& cards() {
  static auto* const all = [] {
    auto* const made = new std::vector<Card*>;
    for (int card = 0; card < card_count(); ++card)
      made->push_back(new Card(card));
    return made;
  }();
  return *all;
}

}  // namespace

int card_count() {
  return static_cast<int>(number_of("LORAFLEET_FAKE_GPUS", 2));
}

std::string card_name(int card) {
  const char* const names = std::getenv("LORAFLEET_FAKE_GPU_NAMES");
  std::istringstream all(names == nullptr ? "a host's pretence" : names);
  std::string name;
  for (int i = 0; i <= card && std::getline(all, name, ','); ++i) {
  }
  return name;
}

std::size_t card_memory() {
  return mib_of("LORAFLEET_FAKE_GPU_MIB", 4096);
}

std::size_t free_memory(int card) {
  const std::size_t claimed = mib_of("LORAFLEET_FAKE_GPU_CLAIMS_MIB", card_memory() >> 20);
  return claimed - std::min(claimed, cards().at(static_cast<std::size_t>(card))->used());
}

c10::Allocator* card_allocator(int card) {
  return cards().at(static_cast<std::size_t>(card));
}

void* host_address(void* on_card) {
  if (on_card == nullptr) return nullptr;
  for (const Card* const card : cards()) {
    if (std::byte* const host = card->host_of(on_card)) return host;
  }
  TORCH_CHECK(false, "fake GPU: an address of the host where one of a card should be");
}

int& current_card() {
  thread_local int card = 0;
  return card;
}

}  // namespace lorafleet::fake_gpu
