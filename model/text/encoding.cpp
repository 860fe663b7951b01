#include "model/text/encoding.hpp"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <utility>

#include "model/text/encoding_choices.hpp"
#include "model/text/special_names.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

namespace {

using Ids = std::vector<std::int32_t>;

template <typename Value>
const Value& named(const NamedValues<Value>& values, const std::string& name, const char* key) {
  if (const auto* entry = values.find(name)) return entry->value;
  throw InputError(key, '"' + name + "\" is unknown; allowed: " + join(values.names()));
}

bool separates(const std::string& name) {
  return named(separators(), name, "data.separator");
}

std::size_t limit_of(const EncodingConfig& encoding, const ModelShape& shape) {
  const std::int64_t limit = std::min(encoding.max_tokens, shape.positions);
  if (limit >= 2) return static_cast<std::size_t>(limit);
  throw InputError("data.max_tokens", "at least 2 are needed (and positions in the model), not " +
                                          std::to_string(limit));
}

Truncation truncation_named(const std::string& name, bool of_classifier) {
  const auto usual = of_classifier ? Truncation::cut_context_right : Truncation::cut_context_left;
  return named(truncations(), name, "data.truncation").value_or(usual);
}

void append(Ids& ids, std::span<const std::int32_t> more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

}  // namespace

ExampleEncoder::ExampleEncoder(TokenizerPtr tokenizer, const EncodingConfig& encoding,
                               const ModelShape& shape, ChatTemplatePtr chat)
    : tokenizer_(std::move(tokenizer)),
      template_(encoding.prompt_template, encoding.template_without_context),
      truncation_(truncation_named(encoding.truncation, shape.classifier.has_value())),
      separates_(separates(encoding.separator)),
      eos_(shape.end()),
      limit_(limit_of(encoding, shape)),
      positions_(static_cast<std::size_t>(shape.positions)) {
  if (tokenizer_->ordinary_size() > static_cast<std::size_t>(shape.vocabulary)) {
    throw InputError("model", "the tokenizer has " + std::to_string(tokenizer_->ordinary_size()) +
                                  " tokens, the model only " + std::to_string(shape.vocabulary));
  }
  if (shape.classifier) classifier_.emplace(tokenizer_, *shape.classifier, truncation_);
  if (chat) conversations_.emplace(tokenizer_, std::move(chat), truncation_);
}

void ExampleEncoder::require_language_model() const {
  if (classifier_) throw InputError("model.path", "the base is a classifier: it writes no text");
}

const ConversationEncoder& ExampleEncoder::conversations() const {
  if (!conversations_) throw std::logic_error("a conversation needs a chat template");
  return *conversations_;
}

std::optional<EncodedSequence> ExampleEncoder::encode_prompt(const partition::Example& example,
                                                             std::size_t room,
                                                             std::size_t limit) const {
  const PromptFrame frame = template_.apply(example);
  const Ids before = tokenizer_->encode_template_text(frame.before, frame.before_literals);
  const Ids context = tokenizer_->encode(frame.context);
  const Ids after = tokenizer_->encode_template_text(frame.after, frame.after_literals);
  const std::size_t others = tokenizer_->prefix().size() + before.size() + after.size() + room;
  if (others > limit) return std::nullopt;
  EncodedSequence sequence;
  sequence.context_tokens = context.size();
  const std::size_t kept = std::min(context.size(), limit - others);
  sequence.tokens_cut = context.size() - kept;
  if (sequence.tokens_cut > 0 && truncation_ == Truncation::drop) return std::nullopt;

  sequence.tokens.reserve(others + kept);
  append(sequence.tokens, tokenizer_->prefix());
  append(sequence.tokens, before);
  append(sequence.tokens, truncation_ == Truncation::cut_context_left
                              ? std::span(context).last(kept)
                              : std::span(context).first(kept));
  append(sequence.tokens, after);
  return sequence;
}

std::optional<EncodedSequence> ExampleEncoder::encode(const partition::Example& example,
                                                      std::size_t* unlabelled) const {
  return encode(example, example.target, unlabelled);
}

std::optional<EncodedSequence> ExampleEncoder::encode_choice(const partition::Example& example,
                                                             const std::string& target) const {
  require_language_model();
  auto sequence = encode(example, target);
  if (sequence && sequence->labels.size() > 1) {
    sequence->labels.erase(sequence->labels.begin(), sequence->labels.end() - 1);
  }
  return sequence;
}

std::optional<EncodedSequence> ExampleEncoder::encode(const partition::Example& example,
                                                      const std::string& target_text,
                                                      std::size_t* unlabelled) const {
  if (classifier_) return classifier_->encode(example, target_text, limit_);
  if (!example.turns.empty()) {
    auto turns = example.turns;
    turns.back().content = target_text;
    auto sequence = conversations().encode(turns, limit_, unlabelled);
    if (sequence) sequence->context_tokens = count_tokens(*tokenizer_, example.context);
    return sequence;
  }
  Ids target;
  if (separates_) append(target, tokenizer_->prefix());
  append(target, tokenizer_->encode(target_text));
  target.push_back(eos_);
  auto sequence = encode_prompt(example, target.size(), limit_);
  if (!sequence || sequence->tokens.size() + target.size() < 2) return std::nullopt;
  const auto label_start =
      static_cast<std::uint32_t>(std::max<std::size_t>(sequence->tokens.size(), 1));
  append(sequence->tokens, target);
  sequence->labels = {{label_start, static_cast<std::uint32_t>(sequence->tokens.size())}};
  return sequence;
}

std::optional<Ids> ExampleEncoder::prompt(const partition::Example& example,
                                          std::size_t room) const {
  require_language_model();
  if (!example.turns.empty()) {
    const std::size_t most = std::min(limit_ + room, positions_);
    if (most < room) return std::nullopt;
    return conversations().prompt(example.turns, most - room);
  }
  const std::size_t separator = separates_ ? tokenizer_->prefix().size() : 0;
  const std::size_t limit = std::min(limit_ + room, positions_);
  auto sequence = encode_prompt(example, separator + room, limit);
  if (!sequence) return std::nullopt;
  if (separates_) append(sequence->tokens, tokenizer_->prefix());
  return std::move(sequence->tokens);
}

std::size_t ExampleEncoder::context_tokens(const partition::Example& example) const {
  if (!classifier_) return count_tokens(*tokenizer_, example.context);
  std::size_t tokens = 0;
  for (const std::string& text : partition::classified_texts(example))
    tokens += count_tokens(*tokenizer_, text);
  return tokens;
}

EndOfTurn ExampleEncoder::end_of_turn() const {
  return conversations_ ? conversations_->chat().end_of_turn() : EndOfTurn{};
}

std::vector<std::string> ExampleEncoder::warnings() const {
  std::vector<std::string> warnings;
  if (classifier_) return classifier_->warnings();
  const auto unknown = [&](const std::string& place, const std::vector<std::string>& literals) {
    const auto names = unknown_special_names(literals, *tokenizer_);
    if (names.empty()) return;
    warnings.push_back(place + ": " + join(names) + (names.size() == 1 ? " looks" : " look") +
                       " like a special token, but the tokenizer has none of that name: it is "
                       "tokenised as text");
  };
  if (conversations_) {
    unknown(conversations_->chat().place(), conversations_->chat().literals());
    return warnings;
  }
  unknown("data.template", template_.literals());
  partition::Example probe;
  probe.instruction = probe.context = "x";
  const auto prompt = encode_prompt(probe, 0, positions_);
  const auto prefix = tokenizer_->prefix();
  if (!prompt || prefix.empty()) return warnings;
  const std::span<const std::int32_t> ids(prompt->tokens);
  const auto twice = [&](std::span<const std::int32_t> there, const std::string& what) {
    if (std::equal(there.begin(), there.end(), prefix.begin(), prefix.end())) {
      warnings.push_back("data.template: it " + what + " with " + tokenizer_->decode(prefix) +
                         ", which stands there by itself: twice, then");
    }
  };
  if (ids.size() >= 2 * prefix.size()) {
    twice(ids.subspan(prefix.size(), prefix.size()), "begins");
    if (separates_) twice(ids.last(prefix.size()), "ends");
  }
  return warnings;
}

EncodedExamples encode_examples(const std::vector<partition::Example>& examples,
                                const ExampleEncoder& encoder) {
  EncodedExamples encoded;
  for (const auto& example : examples) {
    std::optional<EncodedSequence> sequence;
    bool refused = false;
    std::size_t unlabelled = 0;
    try {
      sequence = encoder.encode(example, &unlabelled);
    } catch (const jinja::Refusal& refusal) {
      refused = true;
      if (encoded.report.refused++ == 0) {
        encoded.report.first_refusal = "example " + example.id + ", " + refusal.what();
      }
    } catch (const InputError& error) {
      throw InputError("example " + example.id, error.what());
    }
    encoded.report.unlabelled += static_cast<std::int64_t>(unlabelled);
    if (!sequence) {
      encoded.report.dropped_examples.push_back(static_cast<std::uint32_t>(encoded.data.size()));
      encoded.report.dropped += refused ? 0 : 1;
      encoded.data.add({}, 0, encoder.context_tokens(example));
      continue;
    }
    encoded.report.truncated += sequence->tokens_cut > 0 ? 1 : 0;
    encoded.report.tokens_cut += static_cast<std::int64_t>(sequence->tokens_cut);
    if (sequence->label) {
      encoded.data.add_class(sequence->tokens, *sequence->label, sequence->context_tokens);
    } else {
      encoded.data.add(sequence->tokens, sequence->labels, sequence->context_tokens);
    }
  }
  return encoded;
}

std::size_t count_tokens(const Tokenizer& tokenizer, std::string_view text) {
  return tokenizer.encode(text).size();
}

}  // namespace lorafleet::model
