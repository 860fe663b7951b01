#include "model/encoding.hpp"

#include <algorithm>
#include <span>

#include "partition/support/error.hpp"

namespace lorafleet::model {

namespace {

using Ids = std::vector<std::int32_t>;

bool separates(const std::string& name) {
  if (name == "none" || name == "prefix") return name == "prefix";
  throw InputError("data.separator", '"' + name + "\" is unknown; allowed: none, prefix");
}

std::size_t limit_of(const EncodingConfig& encoding, const OptConfig& opt) {
  const std::int64_t limit = std::min(encoding.max_tokens, opt.max_position_embeddings);
  if (limit >= 2) return static_cast<std::size_t>(limit);
  throw InputError("data.max_tokens", "at least 2 are needed (and positions in the model), not " +
                                          std::to_string(limit));
}

void append(Ids& ids, std::span<const std::int32_t> more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

}  // namespace

ExampleEncoder::ExampleEncoder(TokenizerPtr tokenizer, const EncodingConfig& encoding,
                               const OptConfig& opt)
    : tokenizer_(std::move(tokenizer)),
      template_(encoding.prompt_template, encoding.template_without_context),
      truncation_(Truncation::drop),
      separates_(separates(encoding.separator)),
      eos_(opt.eos_token_id),
      limit_(limit_of(encoding, opt)),
      positions_(static_cast<std::size_t>(opt.max_position_embeddings)) {
  if (encoding.truncation == "cut_context_left") {
    truncation_ = Truncation::cut_context_left;
  } else if (encoding.truncation == "cut_context_right") {
    truncation_ = Truncation::cut_context_right;
  } else if (encoding.truncation != "drop") {
    throw InputError("data.truncation",
                     '"' + encoding.truncation +
                         "\" is unknown; allowed: cut_context_left, cut_context_right, drop");
  }
  if (tokenizer_->vocab_size() > static_cast<std::size_t>(opt.vocab_size)) {
    throw InputError("model", "the tokenizer has " + std::to_string(tokenizer_->vocab_size()) +
                                  " tokens, the model only " + std::to_string(opt.vocab_size));
  }
}

std::optional<EncodedSequence> ExampleEncoder::encode_prompt(const partition::Example& example,
                                                             std::size_t room,
                                                             std::size_t limit) const {
  const PromptFrame frame = template_.apply(example);
  const Ids before = tokenizer_->encode(frame.before);
  const Ids context = tokenizer_->encode(frame.context);
  const Ids after = tokenizer_->encode(frame.after);
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

std::optional<EncodedSequence> ExampleEncoder::encode(const partition::Example& example) const {
  return encode(example, example.target);
}

std::optional<EncodedSequence> ExampleEncoder::encode(const partition::Example& example,
                                                      const std::string& target_text) const {
  Ids target;
  if (separates_) append(target, tokenizer_->prefix());
  append(target, tokenizer_->encode(target_text));
  target.push_back(eos_);
  auto sequence = encode_prompt(example, target.size(), limit_);
  if (!sequence || sequence->tokens.size() + target.size() < 2) return std::nullopt;
  sequence->label_start = std::max<std::size_t>(sequence->tokens.size(), 1);
  append(sequence->tokens, target);
  return sequence;
}

std::optional<Ids> ExampleEncoder::prompt(const partition::Example& example,
                                          std::size_t room) const {
  const std::size_t separator = separates_ ? tokenizer_->prefix().size() : 0;
  const std::size_t limit = std::min(limit_ + room, positions_);
  auto sequence = encode_prompt(example, separator + room, limit);
  if (!sequence) return std::nullopt;
  if (separates_) append(sequence->tokens, tokenizer_->prefix());
  return std::move(sequence->tokens);
}

EncodedExamples encode_examples(const std::vector<partition::Example>& examples,
                                const ExampleEncoder& encoder) {
  EncodedExamples encoded;
  for (const auto& example : examples) {
    const auto sequence = encoder.encode(example);
    if (!sequence) {
      encoded.report.dropped_examples.push_back(static_cast<std::uint32_t>(encoded.data.size()));
      ++encoded.report.dropped;
      encoded.data.add({}, 0, count_tokens(encoder.tokenizer(), example.context));
      continue;
    }
    encoded.report.truncated += sequence->tokens_cut > 0 ? 1 : 0;
    encoded.report.tokens_cut += static_cast<std::int64_t>(sequence->tokens_cut);
    encoded.data.add(sequence->tokens, sequence->label_start, sequence->context_tokens);
  }
  return encoded;
}

std::size_t count_tokens(const Tokenizer& tokenizer, std::string_view text) {
  return tokenizer.encode(text).size();
}

}  // namespace lorafleet::model
