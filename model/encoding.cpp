#include "model/encoding.hpp"

#include <algorithm>
#include <span>

#include "partition/support/error.hpp"

namespace lorafleet::model {

namespace {

using Ids = std::vector<std::int32_t>;

enum class Truncation { cut_context_left, cut_context_right, drop };

Truncation truncation_named(const std::string& name) {
  if (name == "cut_context_left") return Truncation::cut_context_left;
  if (name == "cut_context_right") return Truncation::cut_context_right;
  if (name == "drop") return Truncation::drop;
  throw InputError(
      "data.truncation",
      '"' + name + "\" is unknown; allowed: cut_context_left, cut_context_right, drop");
}

bool separates(const std::string& name) {
  if (name == "none" || name == "prefix") return name == "prefix";
  throw InputError("data.separator", '"' + name + "\" is unknown; allowed: none, prefix");
}

/// The text around the context; together with it, the prompt.
struct PromptFrame {
  std::string before;
  std::string after;
};

PromptFrame frame_of(const partition::Example& example) {
  if (example.context.empty()) {
    return {example.instruction, example.instruction.empty() ? "" : "\n\n"};
  }
  return {example.instruction.empty() ? "" : example.instruction + '\n', "\n\n"};
}

void append(Ids& ids, std::span<const std::int32_t> more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

class Encoder {
 public:
  Encoder(const Tokenizer& tokenizer, const EncodingConfig& encoding, const OptConfig& opt)
      : tokenizer_(tokenizer),
        truncation_(truncation_named(encoding.truncation)),
        separates_(separates(encoding.separator)),
        eos_(opt.eos_token_id) {
    const std::int64_t limit = std::min(encoding.max_tokens, opt.max_position_embeddings);
    if (limit < 2) {
      throw InputError(
          "data.max_tokens",
          "at least 2 are needed (and positions in the model), not " + std::to_string(limit));
    }
    limit_ = static_cast<std::size_t>(limit);
    if (tokenizer.vocab_size() > static_cast<std::size_t>(opt.vocab_size)) {
      throw InputError("model", "the tokenizer has " + std::to_string(tokenizer.vocab_size()) +
                                    " tokens, the model only " + std::to_string(opt.vocab_size));
    }
  }

  void encode(const partition::Example& example, EncodedExamples& into) const {
    const PromptFrame frame = frame_of(example);
    const Ids before = tokenizer_.encode(frame.before);
    const Ids context = tokenizer_.encode(example.context);
    const Ids after = tokenizer_.encode(frame.after);
    Ids target;
    if (separates_) append(target, tokenizer_.prefix());
    append(target, tokenizer_.encode(example.target));
    const std::size_t others =
        tokenizer_.prefix().size() + before.size() + after.size() + target.size() + 1;
    const std::size_t length = others + context.size();
    const bool fits = length <= limit_;
    if (others > limit_ || length < 2 || (!fits && truncation_ == Truncation::drop)) {
      into.report.dropped_examples.push_back(static_cast<std::uint32_t>(into.data.size()));
      ++into.report.dropped;
      into.data.add({}, 0, context.size());
      return;
    }
    into.report.truncated += fits ? 0 : 1;
    const std::size_t kept = std::min(context.size(), limit_ - others);

    Ids tokens;
    tokens.reserve(others + kept);
    append(tokens, tokenizer_.prefix());
    append(tokens, before);
    append(tokens, truncation_ == Truncation::cut_context_left ? std::span(context).last(kept)
                                                               : std::span(context).first(kept));
    append(tokens, after);
    const std::size_t label_start = std::max<std::size_t>(tokens.size(), 1);
    append(tokens, target);
    tokens.push_back(eos_);
    into.data.add(tokens, label_start, context.size());
  }

 private:
  const Tokenizer& tokenizer_;
  Truncation truncation_;
  bool separates_;
  std::int32_t eos_;
  std::size_t limit_ = 0;
};

}  // namespace

std::string prompt_text(const partition::Example& example) {
  const PromptFrame frame = frame_of(example);
  return frame.before + example.context + frame.after;
}

EncodedExamples encode_examples(const std::vector<partition::Example>& examples,
                                const Tokenizer& tokenizer, const EncodingConfig& encoding,
                                const OptConfig& opt) {
  const Encoder encoder(tokenizer, encoding, opt);
  EncodedExamples encoded;
  for (const auto& example : examples) {
    encoder.encode(example, encoded);
  }
  return encoded;
}

std::size_t count_tokens(const Tokenizer& tokenizer, std::string_view text) {
  return tokenizer.encode(text).size();
}

}  // namespace lorafleet::model
