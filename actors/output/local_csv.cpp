#include "actors/output/local_csv.hpp"

#include <string>

#include "partition/support/files.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

namespace {

std::string csv_cells(const model::Score& score) {
  return ',' + shortest(score.loss()) + ',' + shortest(score.perplexity()) + ',' +
         shortest(score.token_accuracy());
}

}  // namespace

void write_local_csv(const std::vector<LocalScore>& scores, const std::filesystem::path& file) {
  std::string text = "client,train_examples,test_examples,test_label_tokens,mean_context_tokens";
  for (const std::string kind : {"base", "global", "after_training"}) {
    text += "," + kind + "_loss," + kind + "_perplexity," + kind + "_token_accuracy";
  }
  text += '\n';
  for (const auto& score : scores) {
    text += std::to_string(score.client) + ',' + std::to_string(score.train_examples) + ',' +
            std::to_string(score.global.examples) + ',' +
            std::to_string(score.global.label_tokens) + ',' + shortest(score.context_tokens) +
            csv_cells(score.base) + csv_cells(score.global) + csv_cells(score.after_training) +
            '\n';
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
