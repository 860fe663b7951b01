#include "model/text/pipeline/added_tokens.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "model/text/pipeline/characters.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

using Entries = std::vector<std::pair<std::string, std::int32_t>>;

Entries all_contents(const std::vector<AddedToken>& tokens) {
  Entries entries;
  for (std::size_t i = 0; i < tokens.size(); ++i)
    entries.emplace_back(tokens[i].content, static_cast<std::int32_t>(i));
  return entries;
}

/// Whether a letter or the like stands before or behind.
bool touches_a_word(std::string_view text, const TextSpan& span) {
  std::string_view before = text.substr(0, span.begin);
  std::string_view behind = text.substr(span.end);
  if (!before.empty()) before.remove_prefix(last_character(before));
  return (!before.empty() && is_word(take_code_point(before))) ||
         (!behind.empty() && is_word(take_code_point(behind)));
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, const Normalizer* normalizer)
    : tokens_(std::move(tokens)),
      raw_(contents(raw, nullptr)),
      normalized_(contents(normalized, normalizer)),
      all_(all_contents(tokens_)) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const AddedToken& token = tokens_[i];
    by_id_.emplace(token.id, i);
    any_[token.normalized ? normalized : raw][0] = true;
    if (token.everywhere) any_[token.normalized ? normalized : raw][1] = true;
  }
}

Entries AddedTokens::contents(Stage stage, const Normalizer* normalizer) const {
  Entries entries;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].normalized != (stage == normalized)) continue;
    std::string content = tokens_[i].content;
    if (normalizer != nullptr) {
      AlignedText text(content, 0, false);
      normalizer->apply(text);
      content = text.str();
    }
    if (content.empty() || !seen.insert(content).second) continue;
    entries.emplace_back(std::move(content), static_cast<std::int32_t>(i));
  }
  return entries;
}

void AddedTokens::cut(std::string_view text, Stage stage, const Allowed& allowed,
                      const std::function<void(const Segment&)>& sink) const {
  const Trie& trie = stage == raw ? raw_ : normalized_;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!trie.begins(text[at])) {
      ++at;
      continue;
    }
    const AddedToken* token = nullptr;
    std::size_t length = 0;
    trie.prefixes(text.substr(at), [&](std::int32_t index, std::size_t size) {
      const AddedToken& candidate = tokens_[static_cast<std::size_t>(index)];
      if (!candidate.everywhere && !allowed({at, at + size})) return;
      token = &candidate;
      length = size;
    });
    if (token == nullptr) {
      ++at;
      continue;
    }
    TextSpan span = {at, at + length};
    at = span.end;
    if (token->single_word && touches_a_word(text, span)) continue;
    if (token->lstrip) {
      span.begin = std::max(done, span.begin - spaces_at_end(text.substr(0, span.begin)));
    }
    if (token->rstrip) span.end += spaces_at_begin(text.substr(span.end));
    if (done < span.begin) sink({{done, span.begin}, nullptr});
    sink({span, token});
    done = span.end;
  }
  if (done < text.size()) sink({{done, text.size()}, nullptr});
}

std::optional<FoundToken> AddedTokens::find(std::string_view text, bool reserved) const {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!all_.begins(text[at])) continue;
    std::optional<FoundToken> found;
    all_.prefixes(text.substr(at), [&](std::int32_t index, std::size_t size) {
      const AddedToken& token = tokens_[static_cast<std::size_t>(index)];
      if (!reserved || !token.everywhere) found = FoundToken{at, at + size, token.id};
    });
    if (found) return found;
  }
  return std::nullopt;
}

bool AddedTokens::any(Stage stage, bool everywhere) const {
  return any_[stage][everywhere ? 1 : 0];
}

const AddedToken* AddedTokens::by_id(std::int32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

}  // namespace lorafleet::model
