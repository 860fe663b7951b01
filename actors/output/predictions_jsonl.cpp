#include "actors/output/predictions_jsonl.hpp"

#include <nlohmann/json.hpp>

#include "partition/support/files.hpp"

namespace lorafleet::actors {

void write_predictions(const std::vector<model::Prediction>& predictions,
                       const std::filesystem::path& file) {
  using Json = nlohmann::ordered_json;
  std::string text;
  for (const auto& prediction : predictions) {
    Json line = {{"id", prediction.id}, {"target", prediction.target}, {"text", prediction.text}};
    if (!prediction.choice.empty()) line["choice"] = prediction.choice;
    line["scores"] = prediction.scores;
    text += line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  }
  write_file(file, text);
}

}  // namespace lorafleet::actors
