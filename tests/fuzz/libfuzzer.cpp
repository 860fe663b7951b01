// libFuzzer's entry point; the target is set when the file is compiled.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const auto& target = lorafleet::fuzz::find_target(LORAFLEET_FUZZ_TARGET);
  lorafleet::fuzz::accepts(target, {reinterpret_cast<const char*>(bytes), size});
  return 0;
}
