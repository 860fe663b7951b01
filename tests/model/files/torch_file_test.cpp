#include "model/files/torch_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "model/files/zip_archive.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/model/files/torch_archive.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

std::string torch_error(const std::string& file) {
  try {
    parse_torch_file(as_file(file), "x.bin");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

std::string error_of_pickle(const std::string& pickle) {
  return torch_error(torch_archive(pickle, std::string(64, '\0')));
}

std::string error_of_tensor(const std::string& tensor) {
  return error_of_pickle(state_dict({{"w", tensor}}));
}

bool check_contains(const std::string& text, const std::string& part) {
  INFO(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

std::string sixteen_floats() {
  std::string text;
  for (int i = 0; i < 16; ++i)
    text += bytes_of(static_cast<float>(i));
  return text;
}

const std::string floats = pickled_storage("FloatStorage", "0", 16);

}  // namespace

TEST_CASE("tensors are views of storages, which they may share") {
  const std::string file =
      torch_archive(state_dict({{"all", pickled_tensor(floats, 0, {4, 4}, {4, 1})},
                                {"rows", pickled_tensor(floats, 4, {2, 4}, {4, 1})},
                                {"turned", pickled_tensor(floats, 0, {4, 4}, {1, 4})},
                                {"diagonal", pickled_tensor(floats, 0, {4}, {5})},
                                {"one", pickled_tensor(floats, 7, {}, {})},
                                {"none", pickled_tensor(floats, 0, {0, 4}, {4, 1})}}),
                    sixteen_floats());
  const auto tensors = parse_torch_file(as_file(file), "x.bin");
  CHECK(tensors.size() == 6);
  std::vector<float> counted(16);
  std::iota(counted.begin(), counted.end(), 0.0f);
  CHECK(tensors.at("all").to_float32() == counted);
  CHECK(tensors.at("all").strides.empty());
  CHECK(tensors.at("rows").to_float32() == std::vector<float>{4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(tensors.at("turned").to_float32() ==
        std::vector<float>{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15});
  CHECK(tensors.at("diagonal").to_float32() == std::vector<float>{0, 5, 10, 15});
  CHECK(tensors.at("one").to_float32() == std::vector<float>{7});
  CHECK(tensors.at("none").to_float32().empty());
  // 2^31 · 2^31 · 2^31 would overflow, were there no 0.
  const std::string empty = torch_archive(
      state_dict({{"w", pickled_tensor(floats, 0, {2147483647, 2147483647, 2147483647, 0},
                                       {0, 0, 0, 0})}}),
      sixteen_floats());
  CHECK(parse_torch_file(as_file(empty), "x.bin").at("w").to_float32().empty());
}

TEST_CASE("types of storages are known by their class") {
  const auto type = [](const char* name) {
    const std::string file = torch_archive(
        state_dict({{"w", pickled_tensor(pickled_storage(name, "0", 2), 0, {2}, {1})}}),
        std::string(64, '\0'));
    return parse_torch_file(as_file(file), "x.bin").at("w").dtype;
  };
  CHECK(type("HalfStorage") == DType::float16);
  CHECK(type("BFloat16Storage") == DType::bfloat16);
  CHECK(type("LongStorage") == DType::int64);
  CHECK(type("DoubleStorage") == DType::float64);
}

TEST_CASE("nothing is executed: a pickle that asks for anything else is refused by name") {
  check_contains(
      error_of_pickle("\x80\x02" + std::string("cos\nsystem\n") + pickled_text("true") + "\x85R."),
      "asks for \"os.system\"; only tensors and containers are read");
  check_contains(
      error_of_pickle("\x80\x04" + pickled_text("builtins") + pickled_text("eval") + "\x93."),
      "asks for \"builtins.eval\"");
  check_contains(error_of_tensor("ctorch._utils\n_rebuild_qtensor\n)R"),
                 "asks for \"torch._utils._rebuild_qtensor\"");
  check_contains(error_of_pickle("\x80\x02i" + std::string("os\nsystem\n.")), "operation 105");
}

TEST_CASE("damaged pickles are refused with the place") {
  check_contains(error_of_pickle(""), "byte 0 of the pickle: the pickle ends in the middle");
  check_contains(error_of_pickle("\x80"), "ends in the middle");
  check_contains(error_of_pickle("."), "a value is missing on the stack");
  check_contains(error_of_pickle("}(K\x01"
                                 "u."),
                 "a key without a value");
  check_contains(error_of_pickle("}K\x01K\x02s."), "a key of the state_dict is not a string");
  check_contains(error_of_pickle("]."), "a dictionary of tensors");
  check_contains(error_of_pickle("h\x05."), "value 5 was never stored");
  check_contains(error_of_pickle("q\x01."), "nothing to remember");
  check_contains(error_of_pickle("u."), "a mark is missing");
  check_contains(error_of_pickle("K\x01R."), "a value is missing");
  check_contains(error_of_pickle("X\xff\xff\xff\xff."), "ends in the middle");
  check_contains(error_of_pickle("cos"), "a line without its end");
  check_contains(error_of_tensor("K\x01"), "\"w\" is not a tensor");
}

TEST_CASE("tensors that do not fit their storage are refused") {
  check_contains(error_of_tensor(pickled_tensor(floats, 1, {4, 4}, {4, 1})), "beyond its storage");
  check_contains(error_of_tensor(pickled_tensor(floats, 0, {4}, {6})), "out of its storage");
  check_contains(error_of_tensor(pickled_tensor(floats, 8, {4}, {3})), "beyond its storage");
  check_contains(error_of_tensor(pickled_tensor(floats, 16, {1}, {1})), "behind its storage");
  check_contains(error_of_tensor(pickled_tensor(floats, 2147483647, {1}, {1})),
                 "behind its storage");
  check_contains(error_of_tensor(pickled_tensor(floats, 1, {2, 2}, {8, 2147483647})),
                 "its storage");
  check_contains(error_of_tensor(pickled_tensor(floats, -1, {1}, {1})), "0 or more");
  check_contains(error_of_tensor(pickled_tensor(floats, 0, {2}, {-1})), "0 or more");
  check_contains(error_of_tensor(pickled_tensor(floats, 0, {4}, {4, 1})), "differ in length");
  check_contains(
      error_of_tensor(pickled_tensor(floats, 0, {2147483647, 2147483647, 2147483647}, {0, 0, 0})),
      "its shape is larger than its storage");
  check_contains(error_of_tensor(pickled_tensor(floats, 0, {17}, {0})), "larger than its storage");
  check_contains(
      error_of_tensor(pickled_tensor(pickled_storage("FloatStorage", "0", 17), 0, {1}, {1})),
      "fewer than 17 elements");
  check_contains(
      error_of_tensor(pickled_tensor(pickled_storage("FloatStorage", "9", 1), 0, {1}, {1})),
      "its storage 9 is missing");
  check_contains(error_of_tensor(pickled_tensor("K\x01", 0, {1}, {1})),
                 "a tensor without a storage");
  check_contains(error_of_tensor("(K\x01tQ"), "a description of a storage");
}

TEST_CASE("bombs stay small") {
  std::string deep(100000, ']');
  for (int i = 0; i < 99999; ++i)
    deep += 'a';
  check_contains(error_of_pickle(deep + "."), "a dictionary of tensors");
  check_contains(error_of_pickle(std::string(300000, 'N') + "."), "too many values");
  check_contains(error_of_pickle("N" + std::string(300000, '\x94')), "too many values");  // MEMOIZE
  check_contains(error_of_pickle("]q\x01" + std::string(300000, '2') + "."), "too many");  // DUP
  // A list that holds itself ten times, again and again: names of values, not copies.
  std::string doubled = "]";
  for (int i = 0; i < 10000; ++i)
    doubled += "q" + std::string(1, '\0') + "](h" + std::string(1, '\0') + "h" +
               std::string(1, '\0') + "e";
  check_contains(error_of_pickle(doubled + "."), "a dictionary of tensors");
  // One long key for many entries.
  std::string same = "}(" + pickled_text(std::string(100000, 'k')) + "q" + std::string(1, '\0') +
                     pickled_tensor(floats, 0, {1}, {1}) + "q\x01";
  for (int i = 0; i < 50000; ++i)
    same += "h" + std::string(1, '\0') + "h\x01";
  check_contains(error_of_pickle(same + "u."), "occurs twice");
  check_contains(error_of_tensor(pickled_tensor(
                     pickled_storage("FloatStorage", std::string(65, '0'), 1), 0, {}, {})),
                 "a description of a storage");
  check_contains(error_of_pickle(std::string((16 << 20) + 1, 'N')), "at most 16 MiB are read");
  std::string shape = "(";
  for (int i = 0; i < 9; ++i)
    shape += "K\x01";
  check_contains(error_of_tensor("ctorch._utils\n_rebuild_tensor_v2\n(" + floats + "K" +
                                 std::string(1, '\0') + shape + "t" + shape + "ttR"),
                 "more than 8 dimensions");
}

TEST_CASE("damaged archives are refused") {
  const std::string good =
      torch_archive(state_dict({{"w", pickled_tensor(floats, 0, {16}, {1})}}), sixteen_floats());
  CHECK(parse_torch_file(as_file(good), "x.bin").size() == 1);
  SUBCASE("cut off anywhere") {
    for (std::size_t size = 0; size < good.size(); ++size) {
      CHECK_THROWS_AS(parse_torch_file(as_file(good.substr(0, size)), "x.bin"), InputError);
    }
  }
  SUBCASE("any byte changed: an error or other tensors, never a crash") {
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (const char flip : {'\x01', '\x80', '\xff'}) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ flip);
        try {
          for (const auto& [name, view] : parse_torch_file(as_file(bad), "x.bin")) {
            if (is_weight_type(view.dtype)) CHECK(view.to_float32().size() <= 32);
          }
        } catch (const InputError&) {
        }
      }
    }
  }
  SUBCASE("compressed, encrypted, twice") {
    check_contains(torch_error(zip_of({{"a/data.pkl", "x", 8, 0}})),
                   "\"a/data.pkl\" is compressed");
    check_contains(torch_error(zip_of({{"a/data.pkl", "x", 0, 1}})), "\"a/data.pkl\" is encrypted");
    check_contains(torch_error(zip_of({{"a", "x"}, {"a", "y"}})), "\"a\" occurs twice");
  }
  SUBCASE("not torch's") {
    check_contains(torch_error(zip_of({{"word/document.xml", "x"}})), "without data.pkl");
    check_contains(torch_error("hello"), "does not begin as a ZIP archive");
    check_contains(torch_error(zip_of({{"a/data.pkl", "}."}, {"a/byteorder", "big"}})),
                   "not little-endian");
  }
}

TEST_CASE("an archive's directory is not believed") {
  const std::string content = "hello";
  const std::string good = zip_of({{"a", content}});
  const std::size_t directory = 30 + 1 + content.size();
  const std::size_t end = directory + 46 + 1;
  const auto changed = [&](std::size_t at, const std::string& bytes) {
    std::string bad = good;
    bad.replace(at, bytes.size(), bytes);
    try {
      read_zip(as_file(bad), "x.bin");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(changed(0, "") == "no error");
  const std::string big = bytes_of<std::uint32_t>(1000);
  const std::string bigger = bytes_of<std::uint32_t>(0xfffffffe);
  check_contains(changed(end + 10, "\x02"),
                 "x.bin: not a readable ZIP archive: its directory is damaged");
  check_contains(changed(end + 10, "\xff\xff"), "its zip64 locator is missing");
  check_contains(changed(end + 16, big), "an offset lies behind its 105 bytes");
  check_contains(changed(end + 16, bytes_of<std::uint32_t>(1)), "its directory is damaged");
  check_contains(changed(directory + 20, big + big), "an offset lies behind");        // both sizes
  check_contains(changed(directory + 20, bigger + bigger), "an offset lies behind");  // both sizes
  check_contains(changed(directory + 24, big), "is compressed");                      // one of them
  check_contains(changed(directory + 28, "\xff\xff"), "an offset lies behind");       // name
  check_contains(changed(directory + 30, "\xff\xff"), "an offset lies behind");       // extra field
  check_contains(changed(directory + 42, bigger), "an offset lies behind");           // member
  check_contains(changed(directory + 42, bytes_of<std::uint32_t>(1)), "no header where");
  check_contains(changed(26, "\xff\xff"), "an offset lies behind");  // name, in the member's header
  check_contains(changed(end, "QQ"), "it has no end record");
}

TEST_CASE("zip64 archives are read, and their lies refused") {
  const std::uint32_t in_zip64 = 0xffffffff;
  const auto archive = [&](std::uint64_t size, std::uint64_t offset, std::uint64_t directory,
                           std::uint16_t field) {
    const std::string member = "PK\x03\x04" + std::string(22, '\0') + bytes_of<std::uint16_t>(1) +
                               bytes_of<std::uint16_t>(0) + "ahello";
    const std::string entry = "PK\x01\x02" + std::string(16, '\0') + bytes_of(in_zip64) +
                              bytes_of(in_zip64) + bytes_of<std::uint16_t>(1) +
                              bytes_of<std::uint16_t>(28) + std::string(10, '\0') +
                              bytes_of(in_zip64) + "a" + bytes_of<std::uint16_t>(1) +
                              bytes_of(field) + bytes_of(size) + bytes_of(size) + bytes_of(offset);
    const std::string record = "PK\x06\x06" + bytes_of<std::uint64_t>(44) + std::string(12, '\0') +
                               bytes_of<std::uint64_t>(1) + bytes_of<std::uint64_t>(1) +
                               bytes_of<std::uint64_t>(entry.size()) + bytes_of(directory);
    const std::string locator = "PK\x06\x07" + bytes_of<std::uint32_t>(0) +
                                bytes_of<std::uint64_t>(member.size() + entry.size()) +
                                bytes_of<std::uint32_t>(1);
    return member + entry + record + locator + "PK\x05\x06" + std::string(4, '\0') +
           std::string(8, '\xff') + bytes_of(in_zip64) + std::string(2, '\0');
  };
  const auto error = [&](const std::string& file) {
    try {
      read_zip(as_file(file), "x.bin");
    } catch (const InputError& refused) {
      return std::string(refused.what());
    }
    return std::string("no error");
  };
  const std::string good = archive(5, 0, 36, 24);
  const auto members = read_zip(as_file(good), "x.bin");
  REQUIRE(members.size() == 1);
  CHECK(std::ranges::equal(members.at("a"), as_file(std::string("hello"))));
  const std::uint64_t huge = ~std::uint64_t{0};
  check_contains(error(archive(huge, 0, 36, 24)), "an offset lies behind");
  check_contains(error(archive(5, huge, 36, 24)), "an offset lies behind");
  check_contains(error(archive(5, huge - 20, 36, 24)), "an offset lies behind");
  check_contains(error(archive(5, 0, huge, 24)), "an offset lies behind");
  check_contains(error(archive(5, 0, 36, 16)), "the zip64 field of \"a\" is too short");
  check_contains(error(archive(5, 0, 36, 25)), "an extra field of \"a\" is too long");
}

TEST_CASE("older forms of torch.save are refused, with a way out") {
  const std::string legacy =
      read_file(golden_folder() / "opt" / "opt_prenorm" / "pytorch_model.legacy.head.bin");
  const std::string message = torch_error(legacy);
  check_contains(message, "x.bin: torch.save's old form, without ZIP, is not read");
  check_contains(message, "safe_serialization=True");
  std::string tar(600, '\0');
  tar.replace(257, 5, "ustar");
  check_contains(torch_error(tar), "a tar file");
}
