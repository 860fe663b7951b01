#include "actors/run/read_data.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "model/adapter/starting_adapter.hpp"
#include "model/network/family.hpp"
#include "model/text/class_agreement.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/degrade.hpp"
#include "partition/formats/format.hpp"
#include "partition/reader.hpp"
#include "partition/support/error.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::actors {

namespace {

void remove_dropped(Indices& indices, const Indices& dropped) {
  std::erase_if(indices, [&](std::uint32_t index) {
    return std::binary_search(dropped.begin(), dropped.end(), index);
  });
}

/// Test examples of which a training example has the same instruction, context and target.
std::size_t seen_in_training(const std::vector<partition::Example>& examples,
                             const partition::Split& split) {
  const auto text = [&](std::uint32_t index) {
    const auto& example = examples[index];
    return fnv1a64(example.instruction + '\0' + example.context + '\0' + example.target);
  };
  std::unordered_set<std::uint64_t> training;
  for (const std::uint32_t index : split.train)
    training.insert(text(index));
  return static_cast<std::size_t>(
      std::count_if(split.test.begin(), split.test.end(),
                    [&](std::uint32_t index) { return training.contains(text(index)); }));
}

/// `read` is partition::read_examples or its like; says what came up.
template <typename Read>
std::vector<partition::Example> read_file_of(const FederationConfig& config, Read&& read,
                                             const Note& log, const Note& warning) {
  partition::ReadReport report;
  auto rows = read(config.data, config.seed, &report);
  for (const auto& problem : report.problems)
    warning("skipped " + problem);
  for (const auto& text : report.warnings)
    warning(text);
  for (const auto& note : report.notes)
    log(note);
  return rows;
}

/// Reads the data and splits them: by group, or into the two files that the user gives.
partition::Split read_split(const FederationConfig& config,
                            std::vector<partition::Example>& examples, const Note& log,
                            const Note& warning) {
  examples = read_file_of(config, partition::read_examples, log, warning);
  if (config.data.test_path.empty()) return partition::split_by_group(examples, config.data);
  auto test = read_file_of(config, partition::read_test_examples, log, warning);
  partition::Split split;
  const std::size_t shared = partition::append_test(examples, std::move(test), split);
  if (shared > 0) {
    warning(std::to_string(shared) +
            " test examples belong to groups that are in the training "
            "data too: the evaluation set is seen in training");
  }
  return split;
}

/// Null where there are no conversations.
model::ChatTemplatePtr chat_template_of(const FederationConfig& config,
                                        const std::vector<partition::Example>& examples,
                                        const model::ModelShape& shape,
                                        const model::TokenizerPtr& tokenizer, const Note& log) {
  if (std::all_of(examples.begin(), examples.end(),
                  [](const partition::Example& example) { return example.turns.empty(); })) {
    return nullptr;
  }
  auto chat = model::load_chat_template(config.encoding.chat_template.string(), config.model.path,
                                        tokenizer, shape.end());
  log("conversations are written with " + chat->place());
  return chat;
}

/// What cannot go with a base that is a classifier. Examples from `first_test` on are of test_path.
/// Throws InputError.
void check_classified(const FederationConfig& config, const model::ClassifierShape& shape,
                      const std::vector<partition::Example>& examples, std::size_t first_test) {
  if (!config.evaluation.metrics.empty()) {
    throw InputError("evaluation.metrics",
                     "judges texts, and the base is a classifier, which writes none: accuracy, F1 "
                     "and cross entropy are always computed; allowed: []");
  }
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const partition::Example& example = examples[i];
    const auto& file = i < first_test ? config.data.path : config.data.test_path;
    const std::string place = file.string() + ", example " + example.id;
    if (!example.turns.empty()) {
      throw InputError(place, "is a conversation; a classifier reads one text or two");
    }
    const auto& classes = partition::classes_of(example);
    if (classes.empty()) {
      throw InputError(place,
                       "has no classes, and the base is a classifier; allowed: data.format = "
                       "\"glue\", or choices in each row (or data.labels)");
    }
    if (static_cast<std::int64_t>(classes.size()) != shape.labels) {
      throw InputError(place, "is of one of " + std::to_string(classes.size()) + " classes (" +
                                  join(classes) + "), the base tells " +
                                  std::to_string(shape.labels) + " apart, by \"" +
                                  shape.counted_by + "\" of its config.json");
    }
    if (classes != partition::classes_of(examples.front())) {
      throw InputError(place, "has other classes than the first one: " + join(classes));
    }
  }
  if (partition::degrades(config.data.degrade) && !examples.empty() &&
      !examples.front().texts.empty()) {
    throw InputError("data.degrade",
                     "spoils contexts, and a classifier reads the texts that data "
                     "of the format " +
                         config.data.format + " have apart from them; allowed: kind = \"none\"");
  }
}

/// Numbers the classes as the base does, where it knows them by the same names; gives what they are
/// called.
std::vector<std::string> number_classes(const FederationConfig& config,
                                        const model::ClassifierShape& shape,
                                        std::vector<partition::Example>& examples, const Note& log,
                                        const Note& warning) {
  if (examples.empty()) return shape.names;
  const std::vector<std::string> own = partition::classes_of(examples.front());
  if (model::are_unnamed(shape.names)) return own;
  const auto places = model::places_of(shape.names, own);
  if (!places) {
    if (model::has_classifier(config.model.path, shape)) {
      warning("the classifier of " + config.model.path.string() + ", by \"id2label\" of its " +
              "config.json, " + model::disagreement(shape.names, own));
    }
    return own;
  }
  if (std::ranges::is_sorted(*places)) return shape.names;
  std::vector<std::string> classes;
  for (const std::size_t place : *places)
    classes.push_back(own[place]);
  for (partition::Example& example : examples)
    example.classes = classes;
  log("the classes are numbered as in the base's config.json: " + join(classes));
  return shape.names;
}

}  // namespace

ReadData read_data(const FederationConfig& config, const Note& tell, const Note& warn) {
  ReadData data;
  const auto log = [&](const std::string& text) {
    data.lines.push_back({false, text});
    tell(text);
  };
  const auto warning = [&](const std::string& text) {
    data.lines.push_back({true, text});
    warn(text);
  };
  data.shape = model::read_shape(config.model.path / "config.json");
  data.tokenizer = model::Tokenizer::load(config.model.path);
  const auto& tokenizer = data.tokenizer;

  auto& split = data.split;
  split = read_split(config, data.examples, log, warning);
  if (data.shape.classifier) {
    const std::size_t first_test =
        config.data.test_path.empty() ? data.examples.size() : split.train.size();
    check_classified(config, *data.shape.classifier, data.examples, first_test);
    data.classes = number_classes(config, *data.shape.classifier, data.examples, log, warning);
  }
  const std::size_t seen = seen_in_training(data.examples, split);
  if (seen > 0) {
    warning(std::to_string(seen) + " of " + std::to_string(split.test.size()) +
            " test examples stand word for word in the training data: the evaluation set is seen "
            "in training");
  }
  partition::degrade(data.examples, split.train, config.data.degrade, config.seed);

  auto encoding = config.encoding;
  if (encoding.prompt_template == encoding.kUsualTemplate) {
    encoding.prompt_template = partition::find_format(config.data.format).prompt_template;
  }
  for (const auto& line : tokenizer->warnings())
    warning(line);
  data.encoder = std::make_shared<const model::ExampleEncoder>(
      tokenizer, encoding, data.shape,
      chat_template_of(config, data.examples, data.shape, tokenizer, log));
  for (const auto& line : data.encoder->warnings())
    warning(line);
  auto encoded = model::encode_examples(data.examples, *data.encoder);
  data.encoding = std::move(encoded.report);
  data.encoded = std::make_shared<const model::EncodedData>(std::move(encoded.data));
  remove_dropped(split.train, data.encoding.dropped_examples);
  remove_dropped(split.test, data.encoding.dropped_examples);
  if (data.encoding.refused > 0) {
    warning("the chat template refuses " + std::to_string(data.encoding.refused) + " of " +
            std::to_string(data.examples.size()) +
            " conversations, which were left out; the first: " + data.encoding.first_refusal);
  }
  if (data.encoding.unlabelled > 0) {
    warning(
        "answers that are not the last of their conversation and are not found in what the "
        "chat template makes of it, so that they are no labels: " +
        std::to_string(data.encoding.unlabelled));
  }
  if (split.train.empty() || split.test.empty()) {
    throw InputError(
        config.data.path.string(),
        "no " + std::string(split.train.empty() ? "training" : "test") +
            " example fits into data.max_tokens = " + std::to_string(config.encoding.max_tokens) +
            (data.encoding.refused == 0 ? "" : " and is one that the chat template takes"));
  }
  if (data.encoding.dropped > 0) {
    warning(std::to_string(data.encoding.dropped) + " of " + std::to_string(data.examples.size()) +
            " examples do not fit into data.max_tokens = " +
            std::to_string(config.encoding.max_tokens) + " and were left out");
  }
  log("read " + std::to_string(data.examples.size()) + " examples (" +
      std::to_string(split.train.size()) + " for training, " + std::to_string(split.test.size()) +
      std::string(config.data.test_path.empty() ? " held out by group; " : " to test on; ") +
      std::to_string(data.encoding.truncated) + " cut to " +
      std::to_string(config.encoding.max_tokens) + " tokens)");
  return data;
}

}  // namespace lorafleet::actors
