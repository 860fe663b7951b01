#include "model/files/safetensors.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "model/files/half.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"

using namespace lorafleet;
using model::DType;
using model::NamedTensor;
using model::SafetensorsFile;

namespace {

std::string with_header(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data_bytes, '\1');
}

/// The message with which a file of these bytes is refused; "" where it opens.
std::string file_refusal(const std::string& bytes) {
  const tests::TemporaryFolder folder;
  write_file(folder / "x.safetensors", bytes);
  try {
    const SafetensorsFile file(folder / "x.safetensors");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

TEST_CASE("tensors of any type, shape and order survive writing and reading") {
  CHECK(rc::check("round trip", [] {
    const tests::TemporaryFolder folder;
    const auto count = *rc::gen::inRange<std::size_t>(0, 6);
    std::vector<std::string> contents;
    std::vector<NamedTensor> tensors;
    contents.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      NamedTensor entry;
      entry.name = "tensor \"" + std::to_string(count - i) + "\" ü";
      entry.dtype = *rc::gen::element(DType::float32, DType::float16, DType::bfloat16, DType::int64,
                                      DType::int32, DType::uint8, DType::boolean);
      entry.shape =
          *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 4));
      std::size_t bytes = model::byte_size(entry.dtype);
      for (const auto extent : entry.shape) {
        bytes *= static_cast<std::size_t>(extent);
      }
      RC_PRE(bytes < 100000u);
      contents.push_back(*rc::gen::container<std::string>(bytes, rc::gen::arbitrary<char>()));
      entry.bytes = as_bytes(contents.back());
      tensors.push_back(std::move(entry));
    }
    const std::map<std::string, std::string> metadata = {{"format", "pt"}, {"a", "\"b\""}};
    model::write_safetensors(folder / "x.safetensors", tensors, metadata);
    const SafetensorsFile file(folder / "x.safetensors");
    RC_ASSERT(file.metadata() == metadata);
    RC_ASSERT(file.tensors().size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto* view = file.find(tensors[i].name);
      RC_ASSERT(view != nullptr);
      RC_ASSERT(view->dtype == tensors[i].dtype);
      RC_ASSERT(view->shape == tensors[i].shape);
      RC_ASSERT(std::ranges::equal(view->bytes, as_bytes(contents[i])));
      RC_ASSERT(view->numel() * model::byte_size(view->dtype) == contents[i].size());
    }
  }));
}

TEST_CASE("a file has the bytes that the format prescribes, the header padded to eight") {
  const tests::TemporaryFolder folder;
  const std::vector<float> values = {1.0f, -2.0f};
  const std::string byte = "\x07";
  model::write_safetensors(folder / "x.safetensors",
                           {{"b", DType::float32, {1, 2}, std::as_bytes(std::span(values))},
                            {"a", DType::uint8, {}, as_bytes(byte)}},
                           {{"format", "pt"}});
  std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
      R"("a":{"dtype":"U8","shape":[],"data_offsets":[8,9]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string expected = with_header(header, 0);
  expected.append(reinterpret_cast<const char*>(values.data()), 8);
  CHECK(read_file(folder / "x.safetensors") == expected + byte);
}

TEST_CASE("a file moves with its tensors") {
  const tests::TemporaryFolder folder;
  write_file(folder / "x.safetensors",
             with_header("{\"a\":" + tensor("U8", "[3]", "[0,3]") + "}", 3));
  SafetensorsFile first(folder / "x.safetensors");
  const SafetensorsFile second = std::move(first);
  REQUIRE(second.find("a") != nullptr);
  CHECK(second.find("a")->bytes[2] == std::byte{1});
  CHECK(second.find("b") == nullptr);
  CHECK_THROWS_AS(second.find("a")->to_float32(), std::logic_error);
}

TEST_CASE("damaged files are refused with the tensor and the reason") {
  const auto one = [](const std::string& entry, std::size_t bytes) {
    return file_refusal(with_header("{\"w\":" + entry + "}", bytes));
  };
  REQUIRE(one(tensor("F32", "[2]", "[0,8]"), 8).empty());
  REQUIRE(one(tensor("F32", "[0,7]", "[0,0]"), 0).empty());

  CHECK(tests::contains(file_refusal("abc"), "shorter than 8 bytes"));
  CHECK(tests::contains(file_refusal(""), "shorter than 8 bytes"));
  CHECK(tests::contains(file_refusal(std::string(8, '\xff') + "{}"),
                        "a header of 18446744073709551615 bytes"));
  CHECK(tests::contains(file_refusal(with_header("{}", 0).substr(0, 9)),
                        "a header of 2 bytes in a file of 9"));
  CHECK(tests::contains(file_refusal(with_header("[]", 0)), "does not begin with '{'"));
  CHECK(tests::contains(file_refusal(with_header("{\"w\":", 0)), "not valid JSON"));
  CHECK(tests::contains(file_refusal(with_header("{\"w\":" + std::string(5000, '[') + "}", 0)),
                        "too deeply"));
  CHECK(tests::contains(one("3", 0), "tensor \"w\": an object was expected, not an integer"));
  CHECK(tests::contains(one(R"({"shape":[2],"data_offsets":[0,8]})", 8), "dtype is missing"));
  CHECK(tests::contains(one(tensor("F8_E4M3", "[8]", "[0,8]"), 8),
                        "dtype \"F8_E4M3\" is not supported; allowed: F32, F16, BF16"));
  CHECK(tests::contains(one(tensor("F32", "[-2]", "[0,8]"), 8), "shape must hold integers from 0"));
  CHECK(
      tests::contains(one(tensor("F32", "[2.0]", "[0,8]"), 8), "shape must hold integers from 0"));
  CHECK(
      tests::contains(one(tensor("F32", "[18446744073709551615]", "[0,8]"), 8), "shape must hold"));
  CHECK(tests::contains(one(tensor("F32", "[4294967296,4294967296]", "[0,8]"), 8),
                        "shape is too large"));
  // 2^62 · 4 bytes wrap to 0.
  CHECK(tests::contains(one(tensor("F32", "[4611686018427387904]", "[0,0]"), 0),
                        "shape is too large"));
  CHECK(one(tensor("F32", "[4611686018427387904,4,0]", "[0,0]"), 0).empty());
  CHECK(
      tests::contains(one(tensor("F32", "[4611686018427387904,4,0]", "[0,4]"), 4), "need 0 bytes"));
  CHECK(tests::contains(one(tensor("F32", "[1,1000000]", "[0,4]"), 4), "need 4000000 bytes"));
  std::string ones = "[1";
  for (int i = 0; i < 100000; ++i)
    ones += ",1";
  CHECK(one(tensor("U8", ones + "]", "[0,1]"), 1).empty());
  CHECK(tests::contains(one(tensor("U8", ones + ",3]", "[0,1]"), 1), "need 3 bytes"));
  CHECK(tests::contains(one(tensor("F32", "[2]", "[0,9223372036854775807]"), 8), "are not within"));
  CHECK(tests::contains(one(tensor("F32", "2", "[0,8]"), 8),
                        "shape must be an array, not an integer"));
  CHECK(tests::contains(one(tensor("F32", "[2]", "[0]"), 8), "data_offsets must hold two numbers"));
  CHECK(
      tests::contains(one(tensor("F32", "[2]", "[8,0]"), 8), "[8, 0] are not within the 8 bytes"));
  CHECK(
      tests::contains(one(tensor("F32", "[2]", "[0,8]"), 7), "[0, 8] are not within the 7 bytes"));
  CHECK(
      tests::contains(one(tensor("F32", "[2]", "[0,4]"), 4), "need 8 bytes, data_offsets span 4"));
  CHECK(tests::contains(one(tensor("F32", "[2]", "[4,12]"), 12), "a gap of 4 bytes"));
  CHECK(tests::contains(one(tensor("F32", "[2]", "[0,8]"), 10), "2 bytes follow the last tensor"));

  const std::string a = "\"a\":" + tensor("U8", "[4]", "[0,4]");
  CHECK(tests::contains(
      file_refusal(with_header("{" + a + ",\"b\":" + tensor("U8", "[4]", "[2,6]") + "}", 6)),
      "tensor \"b\": its data overlap"));
  CHECK(tests::contains(file_refusal(with_header("{" + a + "," + a + "}", 4)),
                        "the key \"a\" occurs twice"));
  CHECK(tests::contains(file_refusal(with_header("{\"__metadata__\":{\"k\":1}}", 0)),
                        "must be a string"));
}

TEST_CASE("a mutated file either opens whole or is refused") {
  const std::string good = with_header(
      "{\"a\":" + tensor("F32", "[2]", "[0,8]") + ",\"b\":" + tensor("U8", "[3]", "[8,11]") + "}",
      11);
  CHECK(rc::check("mutations", [&good] {
    std::string bytes = good;
    const int changes = *rc::gen::inRange(1, 4);
    for (int i = 0; i < changes; ++i) {
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    }
    const tests::TemporaryFolder folder;
    write_file(folder / "x.safetensors", bytes);
    try {
      const SafetensorsFile file(folder / "x.safetensors");
      std::size_t covered = 0;
      for (const auto& [name, view] : file.tensors()) {
        covered += view.bytes.size();
      }
      RC_ASSERT(covered == 11u);
    } catch (const InputError&) {
    }
  }));
}

TEST_CASE("a path that is no file is refused") {
  const tests::TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(SafetensorsFile(folder / "none"), doctest::Contains("none: no such file"),
                       InputError);
  CHECK_THROWS_WITH_AS(SafetensorsFile(folder.path()), doctest::Contains("Is a directory"),
                       InputError);
}

TEST_CASE("writing refuses tensors whose bytes do not fit their shape, and doubled names") {
  const tests::TemporaryFolder folder;
  const std::string data(8, '\0');
  CHECK_THROWS_AS(
      model::write_safetensors(folder / "x", {{"a", DType::float32, {3}, as_bytes(data)}}, {}),
      std::logic_error);
  const NamedTensor fine{"a", DType::float32, {2}, as_bytes(data)};
  CHECK_THROWS_AS(model::write_safetensors(folder / "x", {fine, fine}, {}), std::logic_error);
  CHECK_FALSE(std::filesystem::exists(folder / "x"));
}

TEST_CASE("float16 converts exactly, for all 65,536 values") {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = model::float16_to_float32(static_cast<std::uint16_t>(bits));
    const int exponent = static_cast<int>(bits >> 10 & 31);
    const double mantissa = bits & 1023;
    CHECK(std::signbit(value) == (bits >> 15 == 1));
    if (exponent == 31) {
      REQUIRE((mantissa == 0 ? std::isinf(value) : std::isnan(value)));
    } else if (exponent == 0) {
      REQUIRE(std::abs(static_cast<double>(value)) == std::ldexp(mantissa, -24));
    } else {
      REQUIRE(std::abs(static_cast<double>(value)) == std::ldexp(1024 + mantissa, exponent - 25));
    }
  }
  CHECK(model::float16_to_float32(0x3c00) == 1.0f);
  CHECK(model::float16_to_float32(0xc000) == -2.0f);
  CHECK(model::float16_to_float32(0x7bff) == 65504.0f);
  CHECK(std::bit_cast<std::uint32_t>(model::float16_to_float32(0x7e01)) == 0x7fc02000);
}

TEST_CASE("a view converts float32, float16 and bfloat16") {
  const std::vector<std::uint16_t> halves = {0x3c00, 0x0001, 0xfc00};
  model::TensorView view{DType::float16, {3}, std::as_bytes(std::span(halves)), {}};
  CHECK(view.to_float32() ==
        std::vector<float>{1.0f, 0x1p-24f, -std::numeric_limits<float>::infinity()});
  const std::vector<std::uint16_t> brains = {0x3f80, 0x0001, 0xff80};
  view = {DType::bfloat16, {3}, std::as_bytes(std::span(brains)), {}};
  CHECK(view.to_float32() ==
        std::vector<float>{1.0f, 0x1p-133f, -std::numeric_limits<float>::infinity()});
  const std::vector<float> floats = {0.1f, -3.0f};
  view = {DType::float32, {2}, std::as_bytes(std::span(floats)), {}};
  CHECK(view.to_float32() == floats);
}
