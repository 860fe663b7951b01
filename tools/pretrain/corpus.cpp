#include "tools/pretrain/corpus.hpp"

#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "model/files/json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/hash.hpp"
#include "partition/support/random.hpp"
#include "tools/pretrain/parallel.hpp"

namespace lorafleet::pretrain {
namespace {

constexpr std::size_t kMostTokens = 65'536;
constexpr std::uint64_t kHeldOutShare = 100;

struct Document {
  bool held_out = false;
  std::string text;
  std::vector<std::int32_t> tokens = {};
};

std::string text_of(const nlohmann::json& row, const char* key, const std::string& place) {
  const auto found = row.is_object() ? row.find(key) : row.end();
  if (!row.is_object() || found == row.end() || !found->is_string()) {
    throw InputError(place, std::string("one JSON object a line with the texts \"id\" and "
                                        "\"text\" was expected; there is no \"") +
                                key + "\"");
  }
  return found->get<std::string>();
}

std::vector<Document> read_documents(const std::filesystem::path& file) {
  std::vector<Document> documents;
  for_each_line(file, [&](std::string_view line, std::size_t number) {
    if (line.empty()) return;
    const std::string place = at_line(file.string(), number);
    const nlohmann::json row = model::parse_json(line, place);
    documents.push_back({is_held_out(text_of(row, "id", place)), text_of(row, "text", place)});
  });
  return documents;
}

}  // namespace

bool is_held_out(const std::string& id) {
  return fnv1a64(id) % kHeldOutShare == 0;
}

Corpus read_corpus(const std::filesystem::path& file, const model::Tokenizer& tokenizer,
                   std::int32_t end, std::size_t workers) {
  if (tokenizer.vocab_size() > kMostTokens) {
    throw InputError("--tokenizer", "has " + std::to_string(tokenizer.vocab_size()) +
                                        " tokens, more than " + std::to_string(kMostTokens));
  }
  std::vector<Document> documents = read_documents(file);
  in_parallel(workers, documents.size(), [&](std::size_t, std::size_t i) {
    documents[i].tokens = tokenizer.encode(documents[i].text);
  });
  Corpus corpus;
  corpus.documents = documents.size();
  for (const Document& document : documents) {
    auto& stream = document.held_out ? corpus.held_out : corpus.training;
    for (const std::int32_t token : document.tokens)
      stream.push_back(static_cast<std::uint16_t>(token));
    stream.push_back(static_cast<std::uint16_t>(end));
  }
  Sha256 hash;
  for_each_block(file, [&](std::string_view block) { hash.update(block); });
  corpus.sha256 = hash.hex();
  return corpus;
}

WindowPlan::WindowPlan(std::size_t stream, std::int64_t length, std::uint64_t seed,
                       const std::string& what)
    : length_(static_cast<std::size_t>(length)),
      seed_(seed),
      each_epoch_(stream < length_ ? 0 : (stream - length_ + 1) / length_) {
  if (each_epoch_ == 0) {
    throw InputError(what, "has " + std::to_string(stream) + " tokens, less than two windows of " +
                               std::to_string(length) + " need");
  }
}

std::size_t WindowPlan::start(std::size_t number) {
  const std::size_t epoch = number / each_epoch_;
  if (epoch != epoch_) {
    Random random(seed_, Purpose::batch_order, 0, epoch);
    const std::size_t first = random.below(length_);
    starts_.resize(each_epoch_);
    for (std::size_t i = 0; i < each_epoch_; ++i)
      starts_[i] = first + i * length_;
    random.shuffle(starts_);
    epoch_ = epoch;
  }
  return starts_[number % each_epoch_];
}

void append_window(Windows& windows, const std::vector<std::uint16_t>& stream, std::size_t start,
                   std::int32_t end) {
  windows.inputs.push_back(end);
  for (std::int64_t i = 0; i < windows.length; ++i) {
    const std::int64_t token = stream[start + static_cast<std::size_t>(i)];
    windows.labels.push_back(token);
    if (i + 1 < windows.length) windows.inputs.push_back(token);
  }
}

}  // namespace lorafleet::pretrain
