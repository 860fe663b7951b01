#include "actors/run/read_data.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/files/safetensors.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"

using namespace lorafleet;
using namespace lorafleet::actors;
using nlohmann::json;
using Names = std::vector<std::string>;

namespace {

/// The folder of a RoBERTa without weights, and ten rows of two classes.
class ClassifierFolder {
 public:
  explicit ClassifierFolder(const char* changes) {
    json config = {{"model_type", "roberta"}, {"vocab_size", 4096},       {"hidden_size", 4},
                   {"num_hidden_layers", 1},  {"num_attention_heads", 1}, {"intermediate_size", 4}};
    config.update(json::parse(changes));
    write_file(folder_ / "config.json", config.dump());
    std::filesystem::copy_file(
        tests::source_folder() / "scenarios" / "base" / "opt-mini" / "tokenizer.json",
        folder_ / "tokenizer.json");
    for (int i = 0; i < 10; ++i) {
      rows_ += json{{"id", std::to_string(i)},
                    {"instruction", "today"},
                    {"context", "it is mild"},
                    {"target", i % 2 == 0 ? "hot" : "cold"},
                    {"choices", {"hot", "cold"}}}
                   .dump() +
               "\n";
    }
    config_.model.path = folder_.path();
    config_.data.path = folder_ / "rows.jsonl";
  }

  /// Files with a classifier's first tensor.
  void add_head() {
    const std::vector<float> values(16);
    model::write_safetensors(folder_ / "model.safetensors",
                             {{"classifier.dense.weight",
                               model::DType::float32,
                               {4, 4},
                               std::as_bytes(std::span(values))}},
                             {});
  }
  ReadData read() {
    write_file(config_.data.path, rows_);
    lines.clear();
    const auto tell = [this](const std::string& line) { lines += line + "\n"; };
    return read_data(config_, tell, tell);
  }

  FederationConfig& config() { return config_; }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }
  std::string lines;  ///< what reading told

 private:
  tests::TemporaryFolder folder_;
  FederationConfig config_;
  std::string rows_;
};

std::int32_t class_of(const ReadData& data, const std::string& target) {
  const auto found =
      std::find_if(data.examples.begin(), data.examples.end(),
                   [&](const partition::Example& row) { return row.target == target; });
  return data.encoded->label(static_cast<std::uint32_t>(found - data.examples.begin())).value();
}

const char* const kTakenFor = "they are taken for each other in this order";

}  // namespace

TEST_CASE("classes are numbered as the base does that has them by name") {
  ClassifierFolder folder(R"({"id2label": {"0": "COLD", "1": "Hot"}})");
  const ReadData data = folder.read();
  CHECK(class_of(data, "cold") == 0);
  CHECK(class_of(data, "hot") == 1);
  CHECK(data.classes == Names{"COLD", "Hot"});
  CHECK(tests::contains(folder.lines, "numbered as in the base's config.json: cold, hot"));
}

TEST_CASE("other classes than the base's keep their numbers, and a warning names both") {
  ClassifierFolder folder(R"({"id2label": {"0": "no", "1": "yes"}})");
  const ReadData fresh = folder.read();
  CHECK(class_of(fresh, "hot") == 0);
  CHECK(fresh.classes == Names{"hot", "cold"});
  CHECK_FALSE(tests::contains(folder.lines, kTakenFor));
  folder.add_head();
  CHECK(class_of(folder.read(), "hot") == 0);
  CHECK(tests::contains(folder.lines, "of its config.json, tells no, yes apart"));
  CHECK(tests::contains(folder.lines, std::string("are hot, cold: ") + kTakenFor));
}

TEST_CASE("a base that does not name its classes takes the data's") {
  for (const char* changes :
       {R"({"id2label": {"0": "LABEL_0", "1": "LABEL_1"}})", R"({"num_labels": 2})", "{}"}) {
    ClassifierFolder folder(changes);
    folder.add_head();
    const ReadData data = folder.read();
    CHECK(class_of(data, "cold") == 1);
    CHECK(data.classes == Names{"hot", "cold"});
    CHECK_FALSE(tests::contains(folder.lines, kTakenFor));
  }
}

TEST_CASE("a message about a row names the file that has it, and the key that counts labels") {
  ClassifierFolder folder(R"({"num_labels": 3})");
  CHECK_THROWS_WITH_AS(
      folder.read(), doctest::Contains("apart, by \"num_labels\" of its config.json"), InputError);
  ClassifierFolder other(R"({"id2label": {"0": "hot", "1": "cold"}})");
  other.config().data.test_path = other.path("test.jsonl");
  write_file(other.config().data.test_path,
             "{\"instruction\": \"a\", \"target\": \"b\", \"choices\": [\"b\", \"c\"]}\n");
  CHECK_THROWS_WITH_AS(other.read(),
                       doctest::Contains((other.path("test.jsonl") + ", example ").c_str()),
                       InputError);
}
