#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/files/safetensors.hpp"
#include "model/network/config_reader.hpp"
#include "model/network/merge.hpp"
#include "model/network/random_base.hpp"
#include "partition/support/files.hpp"
#include "tests/model/network/inspect.hpp"
#include "tests/model/random_adapter.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

NewBase tied(const std::string& size) {
  NewBase base = base_of_size(size, {256, 2, 384, 64});
  auto config = nlohmann::ordered_json::parse(base.config);
  config["tie_word_embeddings"] = true;
  base.config = config.dump(2);
  base.description = read_description(ConfigReader(base.config, size));
  return base;
}

/// The same model with its embedding under the head's name, or under both, the head's all ones.
void write_by_head(const std::filesystem::path& from, const std::filesystem::path& to,
                   const BaseDescription& base, bool both) {
  make_folder(to);
  write_file(to / "config.json", read_file(from / "config.json"));
  const SafetensorsFile file(from / "model.safetensors");
  const std::vector<float> ones(256 * 384, 1.0f);
  const std::string head = base.parts.head + ".weight";
  std::vector<NamedTensor> tensors;
  for (const auto& [name, view] : file.tensors()) {
    const bool renamed = !both && name == base.parts.embedding + ".weight";
    tensors.push_back({renamed ? head : name, view.dtype, view.shape, view.bytes});
    if (both && name == base.parts.embedding + ".weight") {
      tensors.push_back({head, DType::float32, view.shape,
                         std::as_bytes(std::span(ones)).first(view.bytes.size())});
    }
  }
  write_safetensors(to / "model.safetensors", tensors, {});
}

std::vector<float> logits(const BaseModel& base) {
  PackedBatch batch;
  batch.add(std::vector<std::int32_t>{2, 100, 200, 30}, 1);
  return packed_logits(base, nullptr, batch, false);
}

}  // namespace

TEST_CASE("a tied model may hold its one matrix as the embedding or as the head, in all families") {
  for (const std::string size :
       {"opt-125m", "opt-350m", "llama-3.2-1b", "mistral-7b", "qwen2.5-0.5b", "qwen3-0.6b",
        "gemma-3-270m", "gpt2", "pythia-70m"}) {
    CAPTURE(size);
    const TemporaryFolder folder;
    const NewBase base = tied(size);
    write_random_base(folder / "base", base, 5, DType::float32, 1'000'000'000);
    write_by_head(folder / "base", folder / "by_head", base.description, false);
    write_by_head(folder / "base", folder / "both", base.description, true);
    const auto usual = BaseModel::load({folder / "base", "float32"}, test_device());
    CHECK(logits(*BaseModel::load({folder / "by_head", "float32"}, test_device())) ==
          logits(*usual));
    CHECK(logits(*BaseModel::load({folder / "both", "float32"}, test_device())) == logits(*usual));

    const Adapter adapter = random_adapter(usual->shape(), lora_on({"all-linear"}));
    write_merged(folder / "base", adapter, folder / "merged", DType::float32, 1'000'000'000);
    write_merged(folder / "by_head", adapter, folder / "merged_by_head", DType::float32,
                 1'000'000'000);
    CHECK(logits(*BaseModel::load({folder / "merged_by_head", "float32"}, test_device())) ==
          logits(*BaseModel::load({folder / "merged", "float32"}, test_device())));
  }
}
