#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "partition/support/files.hpp"
#include "partition/support/process.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/text.hpp"

namespace lorafleet {
namespace {

std::string base(const std::string& name) {
  return (tests::source_folder() / "scenarios" / "base" / name).string();
}

struct Result {
  int status = -1;
  std::string out;
  std::string err;
};

Result pretrain(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), LORAFLEET_PRETRAIN);
  Result result;
  const auto ended = run_program(
      arguments, [&](std::string_view line) { result.out += std::string(line) + "\n"; });
  result.status = ended.status;
  result.err = ended.errors;
  return result;
}

/// A text of few words, and the smallest of models for it: a training of a second.
struct TinyText {
  TinyText() {
    const std::vector<std::string> sentences = {"The cat sat on the mat. ", "A dog saw the cat. ",
                                                "It ran off and the dog barked. "};
    std::string rows;
    for (std::size_t i = 0; i < 600; ++i) {
      rows += "{\"id\": \"doc" + std::to_string(i) + "\", \"text\": \"";
      for (std::size_t j = 0; j < 5 + i % 7; ++j)
        rows += sentences[(i * 7 + j * j + i / 3 * j) % 3];
      rows += "\"}\n";
    }
    write_file(corpus(), rows);
  }
  [[nodiscard]] std::string corpus() const { return path("corpus.jsonl"); }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder / name).string(); }
  [[nodiscard]] std::string weights(const std::string& out) const {
    return read_file(path(out) + "/model.safetensors");
  }
  [[nodiscard]] Result train(const std::string& out, const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"--corpus",
                                          corpus(),
                                          "--tokenizer",
                                          base("opt-mini"),
                                          "--out",
                                          path(out),
                                          "--layers",
                                          "1",
                                          "--heads",
                                          "2",
                                          "--hidden",
                                          "32",
                                          "--positions",
                                          "64",
                                          "--batch-windows",
                                          "4",
                                          "--tokens",
                                          "30000",
                                          "--lr",
                                          "0.01"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return pretrain(arguments);
  }
  tests::TemporaryFolder folder;
};

/// The number after `words` in a text.
double number_after(const std::string& text, const std::string& words) {
  const auto at = text.rfind(words);
  REQUIRE(at != std::string::npos);
  return std::strtod(text.c_str() + at + words.size(), nullptr);
}

TEST_CASE("a tiny model learns a tiny text, with the same bytes after an interruption") {
  const TinyText text;
  const Result whole = text.train("whole", {"--threads", "1", "--every", "30"});
  INFO(whole.err);
  REQUIRE(whole.status == 0);
  CHECK(tests::contains(whole.out, "step 118 of 118"));
  CHECK(number_after(whole.out, "held out ") < 1.0);  // log(4096) = 8.3 at the start

  CHECK(text.train("parts", {"--threads", "2", "--every", "25", "--stop-after", "20"}).status == 0);
  CHECK(!std::filesystem::exists(text.path("parts") + "/model.safetensors"));
  const Result rest = text.train("parts", {"--threads", "2", "--resume"});
  CHECK(rest.status == 0);
  CHECK(tests::contains(rest.out, "resumed after step 20"));
  CHECK(text.weights("parts") == text.weights("whole"));

  SUBCASE("LoRAFleet loads it, and finds the same loss") {
    const Result scored =
        pretrain({"--score", text.path("whole"), "--corpus", text.corpus(), "--threads", "1"});
    INFO(scored.err);
    REQUIRE(scored.status == 0);
    CHECK(std::abs(number_after(scored.out, "held-out loss ") -
                   number_after(whole.out, "held out ")) < 0.1);
  }
  SUBCASE("another seed gives another model, and cannot go on from this one") {
    CHECK(text.train("other", {"--seed", "7"}).status == 0);
    CHECK(text.weights("other") != text.weights("whole"));
    const Result mixed = text.train("whole", {"--seed", "7", "--resume"});
    CHECK(mixed.status == 2);
    CHECK(tests::contains(mixed.err, "was made with another \"seed\": 42, not 7"));
  }
}

TEST_CASE("what cannot be trained is refused with the reason") {
  const TinyText text;
  const auto refused = [&](const std::vector<std::string>& more) {
    const Result result = text.train("out", more);
    CHECK(result.status == 2);
    return result.err;
  };
  CHECK(
      tests::contains(refused({"--size", "opt-huge"}),
                      "--size: unknown size \"opt-huge\"; allowed: opt-nano, opt-micro, opt-mini, "
                      "opt-small"));
  CHECK(tests::contains(refused({"--resume"}), "holds no checkpoint to resume from"));
  write_file(text.corpus(), "{\"id\": \"a\", \"text\": \"b\"}\n{\"id\": \"a\"}\n");
  CHECK(tests::contains(refused({}), "corpus.jsonl:2: one JSON object a line"));
  std::filesystem::create_directories(text.path("out"));
  write_file(text.path("out") + "/notes", "");
  CHECK(tests::contains(refused({}), "is there already; --out needs a new folder"));
}

}  // namespace
}  // namespace lorafleet
