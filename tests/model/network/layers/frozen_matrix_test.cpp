#include "tests/model/network/frozen_parts.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "model/files/half.hpp"
#include "partition/support/random.hpp"
#include "tests/model/network/inspect.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

/// Any codes and scales.
FrozenPart random_part(Quantization kind, std::int64_t out, std::int64_t in, std::int64_t block) {
  Random random(static_cast<std::uint64_t>(out * in), Purpose::sample);
  FrozenPart part{kind, out, in, block};
  part.codes.resize(static_cast<std::size_t>(code_bytes(kind, out * in)));
  for (std::uint8_t& code : part.codes)
    code = static_cast<std::uint8_t>(random.below(256));
  part.numbers.resize(static_cast<std::size_t>((out * in + block - 1) / block));
  for (float& scale : part.numbers)
    scale = static_cast<float>(random.uniform(0.001, 0.1));
  return part;
}

/// By hand.
std::vector<float> numbers_of(const FrozenPart& part) {
  std::vector<float> numbers(static_cast<std::size_t>(part.out * part.in));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool int8 = part.kind == Quantization::int8;
    const std::uint8_t byte = part.codes[int8 ? i : i / 2];
    const float value = int8 ? static_cast<float>(static_cast<std::int8_t>(byte))
                             : kNf4Values[i % 2 == 0 ? byte >> 4 : byte & 15];
    numbers[i] = value * part.numbers[i / static_cast<std::size_t>(part.block)];
  }
  return numbers;
}

}  // namespace

TEST_CASE("host and operators make the same bits of codes, as by hand") {
  for (const FrozenPart& part :
       {random_part(Quantization::int8, 5, 33, 33), random_part(Quantization::int8, 300, 257, 257),
        random_part(Quantization::nf4, 64, 64, 64), random_part(Quantization::nf4, 7, 33, 64),
        random_part(Quantization::nf4, 1, 1, 64), random_part(Quantization::nf4, 300, 130, 256),
        random_part(Quantization::nf4, 2100, 2001, 64)}) {  // more than operators take at once
    CAPTURE(part.out);
    const std::vector<float> expected = numbers_of(part);
    std::vector<float> rounded;
    rounded.reserve(expected.size());
    for (const float number : expected)
      rounded.push_back(bfloat16_to_float32(float32_to_bfloat16(number)));
    for (const bool off : {false, true}) {
      std::optional<HostKernelsOff> as_on_a_gpu;
      if (off) as_on_a_gpu.emplace();
      CHECK((dense_numbers({part}) == expected));
      CHECK((dense_numbers({part}, /*narrow=*/true) == rounded));
    }
  }
}

TEST_CASE("parts lie below each other, quantised or not") {
  const FrozenPart above = random_part(Quantization::nf4, 3, 65, 64);
  const FrozenPart below = random_part(Quantization::int8, 4, 65, 65);
  FrozenPart plain{Quantization::none, 2, 65};
  for (std::size_t i = 0; i < 130; ++i)
    plain.numbers.push_back(static_cast<float>(i));
  std::vector<float> expected = numbers_of(above);
  for (const std::vector<float>& own : {plain.numbers, numbers_of(below)})
    expected.insert(expected.end(), own.begin(), own.end());
  CHECK(dense_numbers({above, plain, below}) == expected);
}
