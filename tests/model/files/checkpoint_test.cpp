#include "model/files/checkpoint.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "model/files/half.hpp"
#include "model/files/safetensors.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/model/files/torch_archive.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/support/test_device.hpp"
#include "tests/support/text.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

namespace fs = std::filesystem;

/// A Hugging Face directory with the config of a golden model and the files given.
class Directory {
 public:
  explicit Directory(const std::string& model) {
    fs::copy_file(golden_opt_folder(model) / "hf" / "config.json", folder_ / "config.json");
  }
  void put(const fs::path& from, const std::string& name) const {
    fs::copy_file(from, folder_ / name);
  }
  void write(const std::string& name, const std::string& text) const {
    write_file(folder_ / name, text);
  }
  [[nodiscard]] const fs::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

std::string folder_error(const fs::path& folder) {
  try {
    const Checkpoint checkpoint(folder);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

/// The largest difference of the logits of batch "nopad" from Hugging Face's.
double deviation(const std::string& model, const fs::path& folder) {
  const GoldenOpt golden_opt(model);
  const auto base = BaseModel::load({folder, "float32"}, test_device());
  const auto unpadded = unpad(golden_opt.padded("nopad"));
  const auto logits = packed_logits(*base, nullptr, unpadded.batch, false);
  const auto expected = golden_opt.floats("base.nopad.logits");
  const auto vocab = static_cast<std::size_t>(base->shape().vocabulary);
  double largest = 0.0;
  for (std::size_t row = 0; row < unpadded.source.size(); ++row) {
    const auto from = static_cast<std::size_t>(unpadded.source[row]);
    for (std::size_t v = 0; v < vocab; ++v) {
      const double difference = std::abs(static_cast<double>(logits[row * vocab + v]) -
                                         static_cast<double>(expected[from * vocab + v]));
      if (!(difference <= largest)) largest = difference;
    }
  }
  return largest;
}

/// What a name of `file` is called in hf/model.safetensors.
std::string full_name(const std::string& name) {
  return name.starts_with("decoder.") ? "model." + name : name;
}

/// float32 -> float16, to the nearest, ties to even.
std::uint16_t to_float16(float value) {
  std::uint16_t best = 0;
  double distance = INFINITY;
  const bool negative = std::signbit(value);
  for (std::uint32_t low = 0, high = 0x7c00; low < high;) {  // magnitudes are ordered
    const std::uint32_t middle = (low + high) / 2;
    const double candidate = float16_to_float32(static_cast<std::uint16_t>(middle));
    const double error = std::abs(std::abs(static_cast<double>(value)) - candidate);
    if (error < distance || (error == distance && middle % 2 == 0)) {
      best = static_cast<std::uint16_t>(middle);
      distance = error;
    }
    if (candidate < std::abs(static_cast<double>(value))) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return static_cast<std::uint16_t>(best | (negative ? 0x8000 : 0));
}

std::uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace

TEST_CASE("every form of weights gives Hugging Face's logits") {
  struct Form {
    const char* source;
    const char* name;
    double allowed;
  };
  // Weights rounded to 16 bits move the logits; that they are rounded rightly is tested below.
  const Form forms[] = {{"hf/model.safetensors", "model.safetensors", 1e-5},
                        {"pytorch_model.bin", "pytorch_model.bin", 1e-5},
                        {"pytorch_model.fp16.noprefix.bin", "pytorch_model.bin", 2e-2},
                        {"model.bf16.safetensors", "model.safetensors", 2e-1}};
  for (const std::string& model : kGoldenOpts) {
    for (const Form& form : forms) {
      const Directory directory(model);
      directory.put(golden_opt_folder(model) / form.source, form.name);
      const double difference = deviation(model, directory.path());
      MESSAGE(model << " " << std::string(form.source) << ": " << difference);
      CHECK(difference <= form.allowed);
    }
  }
}

TEST_CASE("16-bit files hold the float32 weights, rounded to the nearest, bit for bit") {
  for (const std::string& model : kGoldenOpts) {
    const SafetensorsFile exact(golden_opt_folder(model) / "hf" / "model.safetensors");
    const Directory half(model);
    half.put(golden_opt_folder(model) / "pytorch_model.fp16.noprefix.bin", "pytorch_model.bin");
    const Directory brain(model);
    brain.put(golden_opt_folder(model) / "model.bf16.safetensors", "model.safetensors");
    std::size_t compared = 0;
    for (const auto* directory : {&half, &brain}) {
      const Checkpoint checkpoint(directory->path());
      for (const auto& [name, tensor] : checkpoint.tensors()) {
        if (name == "lm_head.weight") continue;
        CAPTURE(name);
        const auto expected = exact.tensors().at(full_name(name)).to_float32();
        const auto found = tensor.view.to_float32();
        REQUIRE(found.size() == expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
          const float rounded = directory == &half ? float16_to_float32(to_float16(expected[i]))
                                                   : bfloat16_to_float32(to_bfloat16(expected[i]));
          if (found[i] != rounded) FAIL("element " << i << " differs");
          ++compared;
        }
      }
    }
    CHECK(compared > 200000);
  }
}

TEST_CASE("a tensor is read in blocks, and its shape and type are known") {
  const Directory directory("opt_prenorm");
  directory.put(golden_opt_folder("opt_prenorm") / "pytorch_model.bin", "pytorch_model.bin");
  const Checkpoint checkpoint(directory.path());
  const auto* tensor = checkpoint.find("model.decoder.embed_tokens.weight");
  REQUIRE(tensor != nullptr);
  CHECK(tensor->view.shape == std::vector<std::int64_t>{512, 64});
  std::vector<float> values;
  checkpoint.read(*tensor, [&](std::size_t first, std::span<const float> part) {
    CHECK(first == values.size());
    values.insert(values.end(), part.begin(), part.end());
  });
  CHECK(values == tensor->view.to_float32());
}

TEST_CASE("bytes are copied whole, across blocks, and read again from the file") {
  const Directory directory("opt_prenorm");
  std::vector<float> values((1 << 21) + 12345);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i);
  const auto rows = static_cast<std::int64_t>(values.size());
  write_safetensors(directory.path() / "model.safetensors",
                    {{"w", DType::float32, {rows}, std::as_bytes(std::span(values))}}, {});
  const Checkpoint checkpoint(directory.path());
  const auto* tensor = checkpoint.find("w");
  REQUIRE(tensor != nullptr);
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<float> copy(values.size());
    checkpoint.copy(*tensor, std::as_writable_bytes(std::span(copy)));
    CHECK((copy == values));
    std::vector<float> blocks;
    checkpoint.read(*tensor, [&](std::size_t first, std::span<const float> part) {
      CHECK(first == blocks.size());
      blocks.insert(blocks.end(), part.begin(), part.end());
    });
    CHECK((blocks == values));
  }
}

TEST_CASE("safetensors come before pytorch_model.bin, whole files before shards") {
  const Directory directory("opt_prenorm");
  directory.put(golden_opt_folder("opt_prenorm") / "pytorch_model.bin", "pytorch_model.bin");
  CHECK(Checkpoint(directory.path()).path().filename() == "pytorch_model.bin");
  directory.put(golden_opt_folder("opt_prenorm") / "hf" / "model.safetensors", "model.safetensors");
  directory.write("model.safetensors.index.json", "nonsense");
  CHECK(Checkpoint(directory.path()).path().filename() == "model.safetensors");
}

namespace {

/// The golden weights cut into two shards, with their index.
class Sharded {
 public:
  Sharded() : directory_("opt_prenorm") {
    const SafetensorsFile whole(golden_opt_folder("opt_prenorm") / "hf" / "model.safetensors");
    std::vector<NamedTensor> shards[2];
    for (const auto& [name, view] : whole.tensors()) {
      const std::size_t shard = names_.size() % 2;
      shards[shard].push_back({name, view.dtype, view.shape, view.bytes});
      names_.push_back(name);
    }
    for (int i = 0; i < 2; ++i)
      write_safetensors(file(i), shards[i], {});
    write_index(names_);
  }

  void write_index(const std::vector<std::string>& names) const {
    std::string text = "{\"metadata\": {}, \"weight_map\": {";
    for (std::size_t i = 0; i < names.size(); ++i) {
      text += (i == 0 ? "\"" : ", \"") + names[i] + "\": \"" +
              file(static_cast<int>(i % 2)).filename().string() + "\"";
    }
    directory_.write("model.safetensors.index.json", text + "}}");
  }

  [[nodiscard]] fs::path file(int shard) const {
    return directory_.path() / ("model-0000" + std::to_string(shard + 1) + "-of-00002.safetensors");
  }
  [[nodiscard]] const Directory& directory() const { return directory_; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  Directory directory_;
  std::vector<std::string> names_;
};

}  // namespace

TEST_CASE("sharded weights are those of the whole file") {
  const Sharded sharded;
  CHECK(deviation("opt_prenorm", sharded.directory().path()) <= 1e-5);
}

TEST_CASE("sharded files of torch.save are those of the whole file") {
  const Directory directory("opt_prenorm");
  const SafetensorsFile whole(golden_opt_folder("opt_prenorm") / "hf" / "model.safetensors");
  std::vector<std::pair<std::string, std::string>> entries[2];
  std::string storages[2];
  std::string map;
  for (const auto& [name, view] : whole.tensors()) {
    const std::size_t shard = map.size() % 2;
    const auto offset = static_cast<std::int32_t>(storages[shard].size() / sizeof(float));
    std::vector<std::int32_t> shape(view.shape.begin(), view.shape.end());
    const std::vector<std::int32_t> strides =
        shape.size() == 2 ? std::vector{shape[1], 1} : std::vector{1};
    entries[shard].emplace_back(name, pickled_tensor("STORAGE", offset, shape, strides));
    storages[shard].append(reinterpret_cast<const char*>(view.bytes.data()), view.bytes.size());
    map += (map.empty() ? "\"" : ", \"") + name + "\": \"part" + std::to_string(shard) + ".bin\"";
  }
  for (const std::size_t shard : {0u, 1u}) {
    REQUIRE(entries[shard].size() > 3);
    const std::string storage = pickled_storage(
        "FloatStorage", "0", static_cast<std::int32_t>(storages[shard].size() / sizeof(float)));
    for (auto& [name, tensor] : entries[shard])
      tensor.replace(tensor.find("STORAGE"), 7, storage);
    directory.write("part" + std::to_string(shard) + ".bin",
                    torch_archive(state_dict(entries[shard]), storages[shard]));
  }
  directory.write("pytorch_model.bin.index.json", "{\"weight_map\": {" + map + "}}");
  CHECK(deviation("opt_prenorm", directory.path()) <= 1e-5);
}

TEST_CASE("shards that do not fit their index are refused") {
  const Sharded sharded;
  SUBCASE("a shard is missing") {
    fs::remove(sharded.file(1));
    CHECK(contains(folder_error(sharded.directory().path()),
                   "names the file model-00002-of-00002.safetensors, which is not there"));
  }
  SUBCASE("a tensor is not in its shard") {
    auto names = sharded.names();
    names.emplace_back("model.decoder.more.weight");
    sharded.write_index(names);
    CHECK(contains(folder_error(sharded.directory().path()),
                   "tensor \"model.decoder.more.weight\" is missing"));
  }
  SUBCASE("a shard has a tensor that the index does not know") {
    auto names = sharded.names();
    names.pop_back();
    sharded.write_index(names);
    CHECK(contains(folder_error(sharded.directory().path()), "is not one that"));
  }
  SUBCASE("the index leads out of the folder") {
    sharded.directory().write("model.safetensors.index.json",
                              R"({"weight_map": {"a": "../model.safetensors"}})");
    CHECK(contains(folder_error(sharded.directory().path()), "a file in the same folder"));
  }
  SUBCASE("the index is no JSON") {
    sharded.directory().write("model.safetensors.index.json", "{");
    CHECK(contains(folder_error(sharded.directory().path()), "model.safetensors.index.json"));
  }
  SUBCASE("the index has no weight_map") {
    sharded.directory().write("model.safetensors.index.json", "[1]");
    CHECK(contains(folder_error(sharded.directory().path()), "weight_map"));
  }
}

TEST_CASE("without weights, the error lists what is read") {
  const Directory directory("opt_prenorm");
  CHECK(contains(folder_error(directory.path()),
                 "has no weights; allowed: model.safetensors, model.safetensors.index.json, "
                 "pytorch_model.bin, pytorch_model.bin.index.json"));
}
