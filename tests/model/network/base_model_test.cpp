#include "model/network/base_model.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "model/device/process.hpp"
#include "model/device/runtime_info.hpp"
#include "model/files/safetensors.hpp"
#include "model/network/family.hpp"
#include "model/network/flops.hpp"
#include "model/network/random_base.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/model/changed_model.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

const std::string norm = "model.decoder.layers.1.final_layer_norm.weight";

void unchanged(NamedTensor&) {}

std::vector<float> some_logits(const BaseModel& base) {
  PackedBatch batch;
  batch.add(std::vector<std::int32_t>{2, 100, 200, 300}, 1);
  return packed_logits(base, nullptr, batch, false);
}

}  // namespace

TEST_CASE("keys may lack the prefix `model.`, as facebook/opt-* ship them") {
  const ChangedModel model([](NamedTensor& tensor) { tensor.name.erase(0, 6); });
  CHECK(some_logits(*model.load()) == some_logits(GoldenOpt("opt_prenorm").base()));
}

TEST_CASE("a copy of the tied head in the file is no error") {
  const std::vector<float> head(512 * 64, 1.0f);
  const ChangedModel model(
      unchanged, {{"lm_head.weight", DType::float32, {512, 64}, std::as_bytes(std::span(head))}});
  CHECK(some_logits(*model.load()) == some_logits(GoldenOpt("opt_prenorm").base()));
}

TEST_CASE("a missing tensor is named") {
  const ChangedModel model([](NamedTensor& tensor) {
    if (tensor.name == norm) tensor.name.clear();
  });
  CHECK_THROWS_WITH_AS(
      model.load(), (model.file() + ": tensor " + norm + " [64] is missing").c_str(), InputError);
}

TEST_CASE("a tensor of another shape is named, with both shapes") {
  const ChangedModel model([](NamedTensor& tensor) {
    if (tensor.name == norm) tensor.shape = {8, 8};
  });
  CHECK_THROWS_WITH_AS(
      model.load(),
      (model.file() + ": tensor " + norm + " has the shape [8, 8], config.json asks for [64]")
          .c_str(),
      InputError);
}

TEST_CASE("weights that the model would ignore are refused") {
  const std::vector<float> values(64, 1.0f);
  const ChangedModel model(unchanged, {{"model.decoder.layers.2.final_layer_norm.weight",
                                        DType::float32,
                                        {64},
                                        std::as_bytes(std::span(values))}});
  CHECK_THROWS_WITH_AS(
      model.load(),
      (model.file() + ": 1 tensor(s) have no place in the model that config.json describes: "
                      "model.decoder.layers.2.final_layer_norm.weight")
          .c_str(),
      InputError);
}

TEST_CASE("a wrong folder or dtype is refused") {
  const TemporaryFolder empty;
  CHECK_THROWS_WITH_AS(BaseModel::load({empty.path(), "float32"}),
                       (empty.path().string() + "/config.json: no such file").c_str(), InputError);
  CHECK_THROWS_AS(BaseModel::load({empty / "nowhere", "float32"}), InputError);
  CHECK_THROWS_WITH_AS(BaseModel::load({empty.path(), "int8"}),
                       "model.dtype: must be float32, bfloat16 or float16, not \"int8\"",
                       InputError);
}

TEST_CASE("the cost of a token counts each frozen matrix forward and backward") {
  // 2 layers of 4 64² + 2 64·256, and the head of 512·64; with projections also 2 64·32.
  CHECK(train_flops_per_token(GoldenOpt("opt_prenorm").base().shape()) ==
        4.0 * (2 * 49152 + 32768));
  CHECK(train_flops_per_token(GoldenOpt("opt_postnorm_proj").base().shape()) ==
        4.0 * (2 * 49152 + 16384 + 4096));
}

TEST_CASE("OPT-125M costs 494 million operations a token, OPT-350M 1.3 billion") {
  // 12 layers of four 768 x 768 and two 768 x 3072: 12 * (2359296 + 4718592) = 84934656 weights;
  // the head 50272 * 768 = 38608896; four operations each.
  CHECK(train_flops_per_token(base_of_size("opt-125m").description.shape) == 494'174'208.0);
  // 24 layers of four 1024 x 1024 and two 1024 x 4096: 24 * (4194304 + 8388608) = 301989888; the
  // projections 2 * 512 * 1024 = 1048576; the head 50272 * 512 = 25739264.
  CHECK(train_flops_per_token(base_of_size("opt-350m").description.shape) == 1'315'110'912.0);
}

TEST_CASE("only OpenBLAS built on pthreads is set to one thread") {
  static int kind;
  static int threads;
  const auto symbol = [](const char* name) -> void* {
    if (std::strcmp(name, "openblas_get_parallel") == 0) {
      return reinterpret_cast<void*>(+[] { return kind; });
    }
    if (std::strcmp(name, "openblas_set_num_threads") == 0) {
      return reinterpret_cast<void*>(+[](int count) { threads = count; });
    }
    return nullptr;
  };
  for (const int built : {0, 1, 2}) {  // sequential, pthreads, OpenMP
    kind = built;
    threads = 8;
    limit_blas_threads(symbol);
    CHECK(threads == (built == 1 ? 1 : 8));
  }
  limit_blas_threads([](const char*) -> void* { return nullptr; });  // another BLAS
}

TEST_CASE("oneDNN keeps few primitives, where it is there") {
  static int capacity = 0;
  limit_primitive_cache([](const char* name) -> void* {
    if (std::strcmp(name, "dnnl_set_primitive_cache_capacity") != 0) return nullptr;
    return reinterpret_cast<void*>(+[](int count) {
      capacity = count;
      return 0;
    });
  });
  CHECK(capacity == 128);
  limit_primitive_cache([](const char*) -> void* { return nullptr; });
}

TEST_CASE("what results depend on is recorded") {
  configure_thread(1);
  const RuntimeInfo info = runtime_info();
  CHECK(info.threads == 1);
  CHECK(info.libtorch.find('.') != std::string::npos);
  CHECK_FALSE(info.blas.empty());
  CHECK_FALSE(info.isa.empty());
  CHECK_FALSE(info.kernels.empty());
  CHECK_FALSE(info.onednn.empty());
  CHECK_FALSE(info.cpu.empty());
  CHECK(peak_rss_bytes() > 10'000'000);
  CHECK(rss_bytes() > 10'000'000);
  CHECK(rss_bytes() <= peak_rss_bytes() + (1 << 20));  // the kernel counts in batches
}
