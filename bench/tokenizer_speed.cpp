// Encoding speed of tokenizers on one core, in megabytes (10^6) of text a second of its time.
//
//   bench_tokenizer_speed [TEXT_FILE|"" [TOKENIZER_FOLDER...]]
//
// Without folders: the shipped one and those of tests/golden/tokenizers, one for each pipeline.
// Without a file: 26 MB made of the shipped WordNet rows, the words of each repetition shuffled
// within the row so that the text does not repeat. "first" is the first pass of a fresh tokenizer,
// "again" the mean of two more passes over the same text, "mixed" a pass over 4 MB of the golden
// texts in many scripts.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/text/tokenizer.hpp"
#include "partition/reader.hpp"
#include "partition/support/files.hpp"
#include "partition/support/random.hpp"

namespace {

using namespace lorafleet;

constexpr std::size_t kBytes = 26'000'000;
constexpr std::size_t kMixedBytes = 4'000'000;

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = text.find(' ', begin);
    if (end == text.npos) end = text.size();
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::string made_text() {
  partition::DataConfig data;
  data.path = "scenarios/data/wordnet_definitions.jsonl";
  const auto examples = partition::read_examples(data, 1);
  std::string text;
  text.reserve(kBytes + 10'000);
  for (std::uint64_t repetition = 0; text.size() < kBytes; ++repetition) {
    Random random(1, Purpose::sample, 0, repetition);
    for (const auto& example : examples) {
      auto words = words_of(example.instruction + ' ' + example.context + ' ' + example.target);
      if (repetition > 0) random.shuffle(words);
      for (const auto& word : words) {
        text += word;
        text += ' ';
      }
      text.back() = '\n';
    }
  }
  text.resize(kBytes);
  return text;
}

const std::filesystem::path kGolden = "tests/golden/tokenizers";

std::string mixed_text() {
  std::string texts;
  for_each_line(kGolden / "gpt2" / "golden.jsonl", [&](std::string_view line, std::size_t) {
    texts += nlohmann::json::parse(line)["text"].get<std::string>() + '\n';
  });
  std::string text;
  while (text.size() < kMixedBytes)
    text += texts;
  return text;
}

double megabytes_a_second(const model::Tokenizer& tokenizer, const std::string& text, int passes,
                          std::size_t& tokens) {
  const std::clock_t start = std::clock();
  for (int pass = 0; pass < passes; ++pass) {
    tokens = tokenizer.encode(text).size();
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  return 1e-6 * static_cast<double>(text.size()) * passes / seconds;
}

void measure(const std::string& folder, const std::string& text, const std::string& mixed) {
  const auto tokenizer = model::Tokenizer::load(folder);
  std::size_t tokens = 0;
  std::size_t mixed_tokens = 0;
  const double first = megabytes_a_second(*tokenizer, text, 1, tokens);
  const double again = megabytes_a_second(*tokenizer, text, 2, tokens);
  const double scripts = megabytes_a_second(*tokenizer, mixed, 1, mixed_tokens);
  std::printf("%-40s %10zu bytes %10zu tokens: first %6.1f, again %6.1f, mixed %6.1f MB/s\n",
              folder.c_str(), text.size(), tokens, first, again, scripts);
  std::fflush(stdout);
}

std::vector<std::string> default_folders() {
  std::vector<std::string> folders = {"scenarios/base/opt-mini"};
  for (const auto& entry : std::filesystem::directory_iterator(kGolden)) {
    if (entry.is_directory()) folders.push_back(entry.path().string());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string file = argc > 1 ? argv[1] : "";
    const std::string text = file.empty() ? made_text() : read_file(file);
    const std::string mixed = mixed_text();
    for (const std::string& folder :
         argc > 2 ? std::vector<std::string>(argv + 2, argv + argc) : default_folders()) {
      measure(folder, text, mixed);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
