#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <optional>

namespace lorafleet::tests {

/// What a real GPU and the host would have done with each other so far in this process.
struct Transfers {
  std::int64_t waits = 0;    ///< the host waits for a card: numbers read, copies that block
  std::int64_t to_card = 0;  ///< copies from the host
  std::int64_t to_host = 0;  ///< copies from a card
  std::int64_t between = 0;  ///< copies from one card to another
};

/// None where the GPUs are not those that the host pretends (tests/fake_gpu).
inline std::optional<Transfers> fake_gpu_transfers() {
  void* const count = ::dlsym(RTLD_DEFAULT, "lorafleet_fake_gpu_transfers");
  if (count == nullptr) return std::nullopt;
  Transfers transfers;
  reinterpret_cast<void (*)(Transfers*)>(count)(&transfers);
  return transfers;
}

}  // namespace lorafleet::tests
